package rulebook

import (
	"math"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// newInt compiles a whole number or a day. Arithmetic is checked: what does not fit 64 bits
// fails, it never wraps.
func newInt(n *node) intFunc {
	switch n.op {
	case opConst:
		c := n.num
		return func(*Env) (int64, Tri) { return c, True }
	case opField:
		s := n.slot()
		return func(e *Env) (int64, Tri) {
			v := s.of(e)
			if v.State == fact.Unknown {
				return 0, Unknown
			}
			return v.Num, True
		}
	case opParam: // a parameter that is a day or a whole number
		p, at := n.param, n.place
		return func(e *Env) (int64, Tri) {
			v := inForce(e, p, at)
			if v == nil {
				return 0, Failed
			}
			return v.Value.Num, True
		}
	case opNamed:
		return intNamed(n)
	case opNeg:
		return wholeNeg(compileInt(n.kids[0]), n.place)
	case opAdd, opSub, opMul:
		return wholeArithmetic(n)
	case opChoose:
		cond, yes, no := compileTest(n.kids[0]), compileInt(n.kids[1]), compileInt(n.kids[2])
		return func(e *Env) (int64, Tri) {
			switch t := cond(e); t {
			case True:
				return yes(e)
			case False:
				return no(e)
			default:
				return 0, t
			}
		}
	}
	return wholeCall(n)
}

func wholeNeg(x intFunc, at Place) intFunc {
	return func(e *Env) (int64, Tri) {
		a, t := x(e)
		if t != True {
			return 0, t
		}
		if a == math.MinInt64 {
			return 0, overflow(e, at)
		}
		return -a, True
	}
}

func wholeArithmetic(n *node) intFunc {
	f := map[op]func(a, b int64) (int64, bool){opAdd: addWhole, opSub: subWhole, opMul: mulWhole}[n.op]
	at := n.place
	if a, b := n.kids[0], n.kids[1]; n.op == opAdd && a.op == opField && b.op == opField {
		return addSlots(a.slot(), b.slot(), at)
	}
	if a, b := n.kids[0], n.kids[1]; a.op == opField && b.constant() {
		s, c := a.slot(), b.num
		return func(e *Env) (int64, Tri) {
			v := s.of(e)
			if v.State == fact.Unknown {
				return 0, Unknown
			}
			r, ok := f(v.Num, c)
			if !ok {
				return 0, overflow(e, at)
			}
			return r, True
		}
	}
	x, y := compileInt(n.kids[0]), compileInt(n.kids[1])
	return func(e *Env) (int64, Tri) {
		a, s := x(e)
		if s == Failed {
			return 0, s
		}
		b, t := y(e)
		if t = both(s, t); t != True {
			return 0, t
		}
		r, ok := f(a, b)
		if !ok {
			return 0, overflow(e, at)
		}
		return r, True
	}
}

func addSlots(a, b slot, at Place) intFunc {
	return func(e *Env) (int64, Tri) {
		x, y := a.of(e), b.of(e)
		if x.State == fact.Unknown || y.State == fact.Unknown {
			return 0, Unknown
		}
		r := x.Num + y.Num
		if (x.Num^r)&(y.Num^r) < 0 {
			return 0, overflow(e, at)
		}
		return r, True
	}
}

func addWhole(a, b int64) (int64, bool) { s := a + b; return s, (a^s)&(b^s) >= 0 }

func subWhole(a, b int64) (int64, bool) { s := a - b; return s, (a^b)&(a^s) >= 0 }

func mulWhole(a, b int64) (int64, bool) {
	if int64(int32(a)) == a && int64(int32(b)) == b {
		return a * b, true
	}
	return mulWide(a, b)
}

func mulWide(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	if a == math.MinInt64 || b == math.MinInt64 {
		return a * b, a == 1 || b == 1
	}
	p := a * b
	return p, p/b == a
}

// newRat compiles any number, exactly. A whole expression is computed whole and widened.
func newRat(n *node) ratFunc {
	if n.kind == kindInt {
		if n.constant() {
			c := quantity.Int(n.num)
			return func(*Env) (quantity.Rat, Tri) { return c, True }
		}
		x := compileInt(n)
		return func(e *Env) (quantity.Rat, Tri) {
			a, t := x(e)
			return quantity.Int(a), t
		}
	}
	switch n.op {
	case opField:
		s := n.slot()
		return func(e *Env) (quantity.Rat, Tri) {
			v := s.of(e)
			if v.State == fact.Unknown {
				return quantity.Rat{}, Unknown
			}
			return v.Rat, True
		}
	case opParam:
		p, at := n.param, n.place
		return func(e *Env) (quantity.Rat, Tri) {
			v := inForce(e, p, at)
			if v == nil {
				return quantity.Rat{}, Failed
			}
			return v.Value.Rat, True
		}
	case opNamed:
		return ratNamed(n)
	case opNeg:
		x := compileRat(n.kids[0])
		return func(e *Env) (quantity.Rat, Tri) {
			a, t := x(e)
			return a.Neg(), t
		}
	case opAdd, opSub, opMul:
		f := map[op]func(a, b quantity.Rat) quantity.Rat{opAdd: quantity.Rat.Add, opSub: quantity.Rat.Sub, opMul: quantity.Rat.Mul}[n.op]
		return pairRats(compileRat(n.kids[0]), compileRat(n.kids[1]), f)
	case opChoose:
		cond, yes, no := compileTest(n.kids[0]), compileRat(n.kids[1]), compileRat(n.kids[2])
		return func(e *Env) (quantity.Rat, Tri) {
			switch t := cond(e); t {
			case True:
				return yes(e)
			case False:
				return no(e)
			default:
				return quantity.Rat{}, t
			}
		}
	}
	return ratCall(n)
}

func pairRats(x, y ratFunc, f func(a, b quantity.Rat) quantity.Rat) ratFunc {
	return func(e *Env) (quantity.Rat, Tri) {
		a, s := x(e)
		if s == Failed {
			return a, s
		}
		b, t := y(e)
		if t = both(s, t); t != True {
			return quantity.Rat{}, t
		}
		return f(a, b), True
	}
}

// compileWhole compiles a number that must be whole when it is evaluated: a parameter is a
// decimal by type, even where its value is 12.
func compileWhole(n *node) intFunc {
	if n.kind == kindInt {
		return compileInt(n)
	}
	x, at := compileRat(n), n.place
	return func(e *Env) (int64, Tri) {
		r, t := x(e)
		if t != True {
			return 0, t
		}
		i, ok := r.Int64()
		if !ok {
			return 0, fail(e, at, "invalid_argument", "Qui serve un numero intero, non %s.", r)
		}
		return i, True
	}
}

func wholeCall(n *node) intFunc {
	switch n.call.Name {
	case "add_months":
		return addMonths(compileInt(n.kids[0]), compileWhole(n.kids[1]), n.place)
	case "add_days":
		return addDays(compileInt(n.kids[0]), compileWhole(n.kids[1]), 1, n.place)
	case "add_weeks":
		return addDays(compileInt(n.kids[0]), compileWhole(n.kids[1]), 7, n.place)
	case "days":
		return pairInts(compileInt(n.kids[0]), compileInt(n.kids[1]), func(a, b int64) int64 { return max(b-a+1, 0) })
	case "workdays":
		return workdays(n)
	case "monday", "sunday", "month_end", "not_holiday":
		return turnDay(n)
	case "max":
		return pairInts(compileInt(n.kids[0]), compileInt(n.kids[1]), func(a, b int64) int64 { return max(a, b) })
	case "min":
		return pairInts(compileInt(n.kids[0]), compileInt(n.kids[1]), func(a, b int64) int64 { return min(a, b) })
	case "count":
		s, rows := n.slot(), n.field.Type == fact.List
		return func(e *Env) (int64, Tri) {
			v := s.of(e)
			if v.State == fact.Unknown {
				return 0, Unknown
			}
			if rows {
				return int64(len(v.Rows())), True
			}
			return int64(len(v.Days())), True
		}
	case "sum", "sum_product":
		return sumWhole(n)
	case "floor", "ceil", "round_half_up":
		return roundWhole(n)
	}
	return wholeTable(n)
}

func pairInts(x, y intFunc, f func(a, b int64) int64) intFunc {
	return func(e *Env) (int64, Tri) {
		a, s := x(e)
		if s == Failed {
			return 0, s
		}
		b, t := y(e)
		if t = both(s, t); t != True {
			return 0, t
		}
		return f(a, b), True
	}
}

func addMonths(x, y intFunc, at Place) intFunc {
	const most = 12 * 10_000 // beyond the calendar from any of its days
	return func(e *Env) (int64, Tri) {
		d, s := x(e)
		if s == Failed {
			return 0, s
		}
		n, t := y(e)
		if t = both(s, t); t != True {
			return 0, t
		}
		n = min(max(n, -most), most)
		return checkDay(e, int64(calendar.Day(d).AddMonths(int(n))), at)
	}
}

func addDays(x, y intFunc, length int64, at Place) intFunc {
	const most = 366 * 10_000
	return func(e *Env) (int64, Tri) {
		d, s := x(e)
		if s == Failed {
			return 0, s
		}
		n, t := y(e)
		if t = both(s, t); t != True {
			return 0, t
		}
		return checkDay(e, d+length*min(max(n, -most), most), at)
	}
}

func workdays(n *node) intFunc {
	from, to, week, at := compileInt(n.kids[0]), compileInt(n.kids[1]), compileWhole(n.kids[2]), n.place
	return func(e *Env) (int64, Tri) {
		a, s := from(e)
		if s == Failed {
			return 0, s
		}
		b, t := to(e)
		if t = both(s, t); t == Failed {
			return 0, t
		}
		d, u := week(e)
		if u = both(t, u); u != True {
			return 0, u
		}
		if d < 1 || d > 7 {
			return 0, fail(e, at, "invalid_argument", "I giorni lavorati la settimana sono da 1 a 7, non %d.", d)
		}
		return int64(calendar.Span{From: calendar.Day(a), To: calendar.Day(b)}.Workdays(int(d))), True
	}
}

func sumWhole(n *node) intFunc {
	s, at := n.slot(), n.place
	slots := slotsOf(n.columns)
	return func(e *Env) (int64, Tri) {
		list := s.of(e)
		if list.State == fact.Unknown {
			return 0, Unknown
		}
		sum := int64(0)
		for _, row := range list.Rows() {
			product, t := multiply(row, slots)
			if t == Unknown {
				return 0, Unknown
			}
			ok := t == True
			if ok {
				sum, ok = addWhole(sum, product)
			}
			if !ok {
				return 0, overflow(e, at)
			}
		}
		return sum, True
	}
}

// multiply is the product of whole fields of a row; Failed when it does not fit.
func multiply(row fact.Record, slots []int) (int64, Tri) {
	product, ok := int64(1), true
	for _, i := range slots {
		v := &row[i]
		if v.State == fact.Unknown {
			return 0, Unknown
		}
		if product, ok = mulWhole(product, v.Num); !ok {
			return 0, Failed
		}
	}
	return product, True
}

func slotsOf(fields []*fact.Field) []int {
	var slots []int
	for _, f := range fields {
		slots = append(slots, f.Slot)
	}
	return slots
}

func roundWhole(n *node) intFunc {
	x, at := compileRat(n.kids[0]), n.place
	round := map[string]func(quantity.Rat) (int64, bool){
		"floor": quantity.Rat.Floor, "ceil": quantity.Rat.Ceil,
		"round_half_up": func(r quantity.Rat) (int64, bool) { return r.Add(quantity.Frac(1, 2)).Floor() },
	}[n.call.Name]
	return func(e *Env) (int64, Tri) {
		r, t := x(e)
		if t != True {
			return 0, t
		}
		i, ok := round(r)
		if !ok {
			return 0, overflow(e, at)
		}
		return i, True
	}
}

func ratCall(n *node) ratFunc {
	switch n.call.Name {
	case "weeks":
		days := pairInts(compileInt(n.kids[0]), compileInt(n.kids[1]), func(a, b int64) int64 { return max(b-a+1, 0) })
		return func(e *Env) (quantity.Rat, Tri) {
			d, t := days(e)
			return quantity.Frac(d, 7), t
		}
	case "max":
		return pairRats(compileRat(n.kids[0]), compileRat(n.kids[1]), quantity.Rat.Max)
	case "min":
		return pairRats(compileRat(n.kids[0]), compileRat(n.kids[1]), quantity.Rat.Min)
	case "sum", "sum_product":
		return sumRat(n)
	case "round_half_up":
		return roundRat(n)
	}
	return ratTable(n)
}

func sumRat(n *node) ratFunc {
	s, columns := n.slot(), n.columns
	return func(e *Env) (quantity.Rat, Tri) {
		list := s.of(e)
		if list.State == fact.Unknown {
			return quantity.Rat{}, Unknown
		}
		sum := quantity.Rat{}
		for _, row := range list.Rows() {
			product := quantity.Int(1)
			for _, f := range columns {
				v := &row[f.Slot]
				if v.State == fact.Unknown {
					return quantity.Rat{}, Unknown
				}
				product = product.Mul(number(v, f.Type))
			}
			sum = sum.Add(product)
		}
		return sum, True
	}
}

// number is a numeric fact as a rational.
func number(v *fact.Value, t fact.Type) quantity.Rat {
	if t == fact.Decimal {
		return v.Rat
	}
	return quantity.Int(v.Num)
}

func roundRat(n *node) ratFunc {
	x, at := compileRat(n.kids[0]), n.place
	scale := int64(1)
	for range n.kids[1].num {
		scale *= 10
	}
	return func(e *Env) (quantity.Rat, Tri) {
		r, t := x(e)
		if t != True {
			return r, t
		}
		i, ok := r.Mul(quantity.Int(scale)).Add(quantity.Frac(1, 2)).Floor()
		if !ok {
			return r, overflow(e, at)
		}
		return quantity.Frac(i, scale), True
	}
}
