package fault_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/internal/fault"
)

var errNoPack = fault.New(fault.NotFound, "no_pack", "There is none on that day.")

func at(pointers ...string) (out []fault.Detail) {
	for _, p := range pointers {
		out = append(out, fault.Detail{Pointer: p, Code: "x", Text: "wrong"})
	}
	return out
}

func pointers(f *fault.Fault) (out []string) {
	for _, d := range f.Details {
		out = append(out, d.Pointer)
	}
	return out
}

func TestDetailsAreSortedByPlace(t *testing.T) {
	t.Parallel()
	f := errNoPack.With(at("/periodi/10/al", "/periodi/2/dal", "/periodi/2", "/azienda", "", "/periodi/x", "/periodi/2/al")...)
	want := []string{"", "/azienda", "/periodi/2", "/periodi/2/al", "/periodi/2/dal", "/periodi/10/al", "/periodi/x"}
	if got := pointers(f); !slices.Equal(got, want) {
		t.Errorf("sorted as %q, want %q", got, want)
	}
	f = errNoPack.With(fault.Detail{Pointer: "/a", Code: "z"}, fault.Detail{Pointer: "/a", Code: "b"})
	if f.Details[0].Code != "b" {
		t.Errorf("one place is sorted as %+v", f.Details)
	}
}

// Whatever the order they are found in, the answer is the same.
func TestTheOrderOfDiscoveryDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfDistinct(rapid.StringMatching(`(/([0-9]{1,2}[a-b]?|[a-c]))*`), rapid.ID[string]).Draw(t, "pointers")
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		if a, b := pointers(errNoPack.With(at(list...)...)), pointers(errNoPack.With(at(shuffled...)...)); !slices.Equal(a, b) {
			t.Fatalf("sorted as %q and as %q", a, b)
		}
	})
}

func TestFaultsNeverChange(t *testing.T) {
	t.Parallel()
	list := at("/b", "/a")
	f := errNoPack.With(list...).Wrap(io.ErrUnexpectedEOF)
	if len(errNoPack.Details) != 0 || errors.Unwrap(errNoPack) != nil {
		t.Error("the package-level fault was changed")
	}
	if list[0].Pointer != "/b" {
		t.Error("the caller's slice was sorted")
	}
	list[0].Pointer = "/z"
	if !slices.Equal(pointers(f), []string{"/a", "/b"}) {
		t.Errorf("the fault follows the caller's slice: %q", pointers(f))
	}
}

func TestFaultsAreFoundThroughWrapping(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("choose pack: %w", errNoPack.Wrap(io.ErrUnexpectedEOF))
	if !errors.Is(err, errNoPack) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v is not found by code, or not by cause", err)
	}
	if errors.Is(err, fault.New(fault.NotFound, "other", "")) {
		t.Error("another code is found")
	}
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.NotFound {
		t.Errorf("read back as %+v", f)
	}
}

func TestTheLogSaysEverything(t *testing.T) {
	t.Parallel()
	got := errNoPack.With(at("/a")...).Wrap(io.ErrUnexpectedEOF).Error()
	want := "no_pack: There is none on that day.\n  /a: x: wrong (unexpected EOF)"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(errNoPack.Error(), "(") {
		t.Errorf("a fault without a cause reads %q", errNoPack.Error())
	}
}
