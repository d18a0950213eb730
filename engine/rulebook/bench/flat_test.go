package bench

// flat is a form as expr reads it fastest: one struct, passed by value, a field a fact.
type flat struct {
	N0  int     `expr:"n0"`
	N1  int     `expr:"n1"`
	N2  int     `expr:"n2"`
	N3  int     `expr:"n3"`
	N4  int     `expr:"n4"`
	N5  int     `expr:"n5"`
	N6  int     `expr:"n6"`
	N7  int     `expr:"n7"`
	N8  int     `expr:"n8"`
	N9  int     `expr:"n9"`
	N10 int     `expr:"n10"`
	N11 int     `expr:"n11"`
	N12 int     `expr:"n12"`
	N13 int     `expr:"n13"`
	N14 int     `expr:"n14"`
	N15 int     `expr:"n15"`
	N16 int     `expr:"n16"`
	N17 int     `expr:"n17"`
	N18 int     `expr:"n18"`
	N19 int     `expr:"n19"`
	S0  string  `expr:"s0"`
	S1  string  `expr:"s1"`
	S2  string  `expr:"s2"`
	S3  string  `expr:"s3"`
	S4  string  `expr:"s4"`
	S5  string  `expr:"s5"`
	S6  string  `expr:"s6"`
	S7  string  `expr:"s7"`
	S8  string  `expr:"s8"`
	S9  string  `expr:"s9"`
	S10 string  `expr:"s10"`
	S11 string  `expr:"s11"`
	S12 string  `expr:"s12"`
	S13 string  `expr:"s13"`
	S14 string  `expr:"s14"`
	S15 string  `expr:"s15"`
	S16 string  `expr:"s16"`
	S17 string  `expr:"s17"`
	S18 string  `expr:"s18"`
	S19 string  `expr:"s19"`
	D0  float64 `expr:"d0"`
	D1  float64 `expr:"d1"`
	D2  float64 `expr:"d2"`
	D3  float64 `expr:"d3"`
	D4  float64 `expr:"d4"`
	D5  float64 `expr:"d5"`
	D6  float64 `expr:"d6"`
	D7  float64 `expr:"d7"`
	D8  float64 `expr:"d8"`
	D9  float64 `expr:"d9"`
	B0  bool    `expr:"b0"`
	B1  bool    `expr:"b1"`
	B2  bool    `expr:"b2"`
	B3  bool    `expr:"b3"`
	B4  bool    `expr:"b4"`
	B5  bool    `expr:"b5"`
	B6  bool    `expr:"b6"`
	B7  bool    `expr:"b7"`
	B8  bool    `expr:"b8"`
	B9  bool    `expr:"b9"`
}

func flatten(f *Form) flat {
	return flat{
		N0:  int(f.N[0]),
		N1:  int(f.N[1]),
		N2:  int(f.N[2]),
		N3:  int(f.N[3]),
		N4:  int(f.N[4]),
		N5:  int(f.N[5]),
		N6:  int(f.N[6]),
		N7:  int(f.N[7]),
		N8:  int(f.N[8]),
		N9:  int(f.N[9]),
		N10: int(f.N[10]),
		N11: int(f.N[11]),
		N12: int(f.N[12]),
		N13: int(f.N[13]),
		N14: int(f.N[14]),
		N15: int(f.N[15]),
		N16: int(f.N[16]),
		N17: int(f.N[17]),
		N18: int(f.N[18]),
		N19: int(f.N[19]),
		S0:  f.S[0],
		S1:  f.S[1],
		S2:  f.S[2],
		S3:  f.S[3],
		S4:  f.S[4],
		S5:  f.S[5],
		S6:  f.S[6],
		S7:  f.S[7],
		S8:  f.S[8],
		S9:  f.S[9],
		S10: f.S[10],
		S11: f.S[11],
		S12: f.S[12],
		S13: f.S[13],
		S14: f.S[14],
		S15: f.S[15],
		S16: f.S[16],
		S17: f.S[17],
		S18: f.S[18],
		S19: f.S[19],
		D0:  float64(f.D[0]) / 100,
		D1:  float64(f.D[1]) / 100,
		D2:  float64(f.D[2]) / 100,
		D3:  float64(f.D[3]) / 100,
		D4:  float64(f.D[4]) / 100,
		D5:  float64(f.D[5]) / 100,
		D6:  float64(f.D[6]) / 100,
		D7:  float64(f.D[7]) / 100,
		D8:  float64(f.D[8]) / 100,
		D9:  float64(f.D[9]) / 100,
		B0:  f.B[0],
		B1:  f.B[1],
		B2:  f.B[2],
		B3:  f.B[3],
		B4:  f.B[4],
		B5:  f.B[5],
		B6:  f.B[6],
		B7:  f.B[7],
		B8:  f.B[8],
		B9:  f.B[9],
	}
}
