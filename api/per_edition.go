package api

import (
	"sync/atomic"

	"omnia/engine/rulebook"
)

// perEdition keeps what was made from the edition asked for last, so that no request pays for the making; a reload
// brings another. The zero value is empty. It is safe for concurrent use.
type perEdition[T any] struct{ last atomic.Pointer[madeOf[T]] }

type madeOf[T any] struct {
	edition *rulebook.Edition
	value   T
}

// of is what stands for ed, made now when it is not there. What can't be made is not kept.
func (k *perEdition[T]) of(ed *rulebook.Edition, make func(*rulebook.Edition) (T, error)) (T, error) {
	if m := k.last.Load(); m != nil && m.edition == ed {
		return m.value, nil
	}
	value, err := make(ed)
	if err == nil {
		k.last.Store(&madeOf[T]{ed, value})
	}
	return value, err
}
