// Package modeltest holds a second, deliberately dull reading of the law: each counter written
// again as loops over single days, from the text and not from the engine, and then compared with
// the engine on generated histories.
//
// The model shares no code with the engine: days are counted from 1970, figures are math/big.Rat,
// facts are read with encoding/json. Where the two disagree, the text decides who is wrong.
//
// Where the text leaves a figure open, the model says so by leaving the field out of the
// comparison (see answer.open), with the reason beside it.
package modeltest
