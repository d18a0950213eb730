package main

import (
	"bufio"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"omnia/ledger"
)

// ledgerConfig says who signs the log of decisions. It is part of every command that appends to it.
type ledgerConfig struct {
	LedgerKey    string `env:"OMNIA_LEDGER_KEY" placeholder:"FILE" help:"Secret keys of the log, one a line; the one that the keyring has for now signs (default: ledger.key in the data folder, made when it is not there)."`
	LedgerOrigin string `env:"OMNIA_LEDGER_ORIGIN" placeholder:"NAME" help:"Name of the log, such as omnia.example.it/registro: that of its keys (default: that of the last key)."`
}

// In development the key is made, and the log has a name that belongs to nobody (RFC 2606).
const (
	devLedgerKey    = "ledger.key"
	devLedgerOrigin = "omnia.invalid/registro"
)

// secrets are the keys that this process may sign with. Without a file of them it is the key in the data folder, which is made
// when it is not there.
func (c ledgerConfig) secrets(data string) ([]string, error) {
	file := c.LedgerKey
	if file == "" {
		file = filepath.Join(data, devLedgerKey)
		if err := c.makeDev(file); err != nil {
			return nil, fmt.Errorf("OMNIA_DATA: key of the log: %w", err)
		}
	}
	list, err := readSecrets(file)
	if err != nil {
		return nil, fmt.Errorf("OMNIA_LEDGER_KEY: %w", err)
	}
	for _, s := range list {
		if name := originOf(s); c.LedgerOrigin != "" && name != c.LedgerOrigin {
			return nil, fmt.Errorf("OMNIA_LEDGER_ORIGIN: the log is %s, and %s has a key of %s", c.LedgerOrigin, file, name)
		}
	}
	return list, nil
}

// makeDev makes the key of a run on one's own machine, unless it is there.
func (c ledgerConfig) makeDev(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	secret, _, err := ledger.GenerateKey(rand.Reader, cmp.Or(c.LedgerOrigin, devLedgerOrigin))
	if err != nil {
		return err
	}
	return placeSecret(file, secret)
}

// placeSecret puts a key at file, whole or not at all, unless another process was faster: a link never replaces what
// is there.
func placeSecret(file, secret string) error {
	beside, err := os.CreateTemp(filepath.Dir(file), ".key-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(beside.Name())
	_, err = beside.WriteString(secret + "\n")
	if err := errors.Join(err, beside.Sync(), beside.Close()); err != nil {
		return err
	}
	if err := os.Link(beside.Name(), file); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// readSecrets reads keys, one a line; blank lines and those that begin with # are left out.
func readSecrets(file string) (list []string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only
	if info, err := f.Stat(); err != nil || info.Mode().Perm()&0o007 != 0 {
		return nil, errors.Join(err, fmt.Errorf("%s can be read by everybody, who could sign another past: chmod 600", file))
	}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if _, err := note.NewSigner(line); err != nil {
			return nil, fmt.Errorf("%s, line %d: not a secret key", file, n) // without a word of it
		}
		list = append(list, line)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: there is no key in it: omnia ledger key new %s makes one", file, file)
	}
	return list, nil
}

// originOf is the name in a secret key that was found good.
func originOf(secret string) string {
	s, err := note.NewSigner(secret)
	if err != nil {
		return ""
	}
	return s.Name()
}
