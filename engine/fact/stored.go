package fact

// Stored reads records that were checked when they were kept, many of one group: records and what
// reads them come from slabs. It is not safe for concurrent use.
//
// The declarations may have changed since: a key that is no fact any more is passed over, and a value
// that can't be used any more (a code that is gone) is unknown, so that no rule rests on it.
type Stored struct {
	group   *Group
	decoder decoder
	slab    Record
	ahead   int // records to come
}

// NewStored is a reader of records of g; n is about how many there will be.
func NewStored(g *Group, n int) *Stored {
	s := &Stored{group: g, ahead: n}
	s.decoder.path = make([]step, 0, 8)
	return s
}

// Read is the record of one body. It fails on what is not JSON, or not of the declared types.
func (s *Stored) Read(body []byte) (Record, error) {
	rec, d := s.record(), &s.decoder
	*d = decoder{scanner: scanner{buf: body}, report: report{lang: languageOf(""), path: d.path[:0]}, lenient: true, stored: true}
	if err := d.document(s.group, rec); err != nil {
		return nil, err
	}
	return rec, nil
}

// record is an empty record, cut from a slab.
func (s *Stored) record() Record {
	const most = 512 // records a slab, so that a wrong guess costs little
	width := len(s.group.Fields)
	if len(s.slab) < width {
		s.slab = make(Record, max(1, min(s.ahead, most))*width)
	}
	s.ahead--
	rec := s.slab[:width:width]
	s.slab = s.slab[width:]
	return rec
}
