package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

func TestASourceThatDoesNotSayWhichProgramItIsIsNotExact(t *testing.T) {
	t.Parallel()
	set := func(pairs ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{}
		for i := 0; i < len(pairs); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
		}
		return info
	}
	for _, tt := range []struct {
		info   *debug.BuildInfo
		source string
		exact  bool
	}{
		{set("vcs.revision", "abc", "vcs.modified", "false"), "abc", true},
		{set("vcs.revision", "abc", "vcs.modified", "true"), "abc (modified)", false},
		{set(), "unversioned", false},
	} {
		if source, exact := sourceOf(tt.info); source != tt.source || exact != tt.exact {
			t.Errorf("%+v: %q %t, want %q %t", tt.info.Settings, source, exact, tt.source, tt.exact)
		}
	}
}

// A test is not stamped: what its receipts name is the digest of the program that runs.
func TestAnEngineThatIsNotStampedIsNamedByItsDigest(t *testing.T) {
	t.Parallel()
	got, err := engineVersion()
	if err != nil {
		t.Fatal(err)
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if _, exact := sourceOf(info); exact {
			t.Fatalf("this test is stamped: %s", got)
		}
	}
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(" sha256:%x ", sha256.Sum256(text)); !strings.Contains(got, want) {
		t.Errorf("%q has not %q", got, want)
	}
}
