package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

// release names a program that is built outside its repository: go build -ldflags "-X main.release=2027.1".
var release string

// version is what the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	source, _ := sourceOf(info)
	return source + " " + info.GoVersion
}

// sourceOf is the revision that a binary was built from; exact is false where that does not say which program it is: Go was told not to
// stamp it, the tree had changes, or it has a name of its own.
func sourceOf(info *debug.BuildInfo) (source string, exact bool) {
	if release != "" {
		return release, false
	}
	revision, dirty := "unversioned", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision, exact = s.Value, true
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " (modified)"
		}
	}
	return revision + dirty, exact && dirty == ""
}

// engineVersion is the version as receipts have it, by which an auditor tells two engines apart. Where the source does not say which program it is,
// the digest of the program itself does, as sha256sum prints it. It is read once, when serving starts.
func engineVersion() (string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	source, exact := sourceOf(info)
	if exact {
		return version(), nil
	}
	file, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("which program decides can't be told: %w", err)
	}
	digest, err := digestOf(file)
	if err != nil {
		return "", fmt.Errorf("which program decides can't be told: %w", err)
	}
	return strings.TrimSpace(source + " sha256:" + digest + " " + info.GoVersion), nil
}

// digestOf is the SHA-256 of a file, in hexadecimal digits.
func digestOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() // read only
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
