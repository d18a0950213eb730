package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/internal/rome"
	"omnia/policies"
)

// rulesPublishCmd is `omnia rules publish`: the folder gets the frozen list of its versions, and the archive, when one is
// named, the edition with its whole text.
type rulesPublishCmd struct {
	rulesDir
	archiveConfig
	On       string `placeholder:"DAY" help:"Day of publication, YYYY-MM-DD (default today)."`
	Activate bool   `help:"Take it into use as well, by every instance on the archive."`
	Reason   string `placeholder:"TEXT" default:"pubblicazione" help:"Why it is taken into use, without naming anyone; it goes into the log (default ${default})."`
	Name     string `arg:"" help:"Name of the edition: 2026.1."`
}

// Run checks, runs the cases, stores the edition in the archive, and writes the frozen list last: who repeats what was broken
// off finds its own work. A list that is there is never replaced.
func (c *rulesPublishCmd) Run(ctx context.Context, std streams) error {
	if c.Activate && c.Database == "" {
		return usage(errors.New("--activate vale per un archivio: indicalo con --database"))
	}
	on, err := c.day()
	if err != nil {
		return err
	}
	files, list, err := c.frozen(std, on)
	if err != nil {
		return err
	}
	if c.Database != "" {
		if err := c.store(ctx, std, files); err != nil {
			return err
		}
	}
	if list == nil {
		return nil
	}
	return c.write(std, list)
}

func (c *rulesPublishCmd) day() (calendar.Day, error) {
	on, err := optionalDay(c.On)
	if err != nil || on != nil {
		return valueOr(on, 0), err
	}
	return rome.Day(time.Now()), nil
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// frozen are the files of the edition and its list; without a list when the folder has it already, and the archive is what is
// left to do.
func (c *rulesPublishCmd) frozen(std streams, on calendar.Day) (fs.FS, []byte, error) {
	folder, err := c.rulesDir.open()
	if err != nil {
		return nil, nil, err
	}
	files, err := snapshot(folder)
	if defects := (rulebook.Defects)(nil); errors.As(err, &defects) {
		return nil, nil, refuse(std, defects)
	} else if err != nil {
		return nil, nil, usage(err)
	}
	if err := runCases(std, files, false); err != nil {
		return nil, nil, err
	}
	if c.Database != "" {
		if ed, _ := rulebook.Load(files); ed != nil && ed.Name == c.Name {
			return files, nil, nil
		}
	}
	if c.Dir == "" {
		_, err := c.writable()
		return nil, nil, err
	}
	list, defects := rulebook.Publish(files, c.Name, on)
	if len(defects) > 0 {
		return nil, nil, refuse(std, defects)
	}
	texts, err := rulebook.TextsOf(files)
	if err != nil {
		return nil, nil, err
	}
	texts[c.list()] = string(list)
	return rulebook.FolderOf(texts), list, nil
}

func (c *rulesPublishCmd) list() string { return path.Join("editions", c.Name+".yaml") }

// store puts the edition into the archive.
func (c *rulesPublishCmd) store(ctx context.Context, std streams, files fs.FS) error {
	ed, err := loadEdition(files)
	if err != nil {
		return wrong(err)
	}
	p, closing, err := c.publisher(ctx, std)
	if err != nil {
		return err
	}
	defer closing()
	e, err := p.publish(ctx, ed, files, c.Activate, c.Reason)
	switch {
	case errors.Is(err, archive.ErrUnavailable):
		return usage(err)
	case errors.Is(err, archive.ErrEditionName):
		return wrong(fmt.Errorf("l'archivio ha un'altra edizione di nome %s: scegli un altro nome", c.Name))
	case errors.Is(err, archive.ErrVersionChanged):
		return wrong(fmt.Errorf("una versione pubblicata non cambia: ripristinala e aggiungine una nuova, con il suo valid_from: %w", err))
	case err != nil:
		return wrong(err)
	}
	said := "nell'archivio"
	if c.Activate {
		said = "nell'archivio, e in uso,"
	}
	if e.Name != c.Name {
		said += " con il nome che vi aveva già"
	}
	_, err = fmt.Fprintf(std.out, "%s l'edizione %s, %s\n", said, e.Name, e.Digest)
	return err
}

// publisher opens the archive to publish in it.
func (c archiveConfig) publisher(ctx context.Context, std streams) (p *publisher, closing func(), err error) {
	rego, err := policies.New()
	if err != nil {
		return nil, nil, wrong(err)
	}
	log := slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := c.open(ctx, log)
	if err != nil {
		return nil, nil, err
	}
	return &publisher{store: s, policies: rego, log: log, shelf: shelf{store: s}}, func() { _ = s.Close() }, nil
}

// write puts the list into the folder.
func (c *rulesPublishCmd) write(std streams, list []byte) error {
	root, err := c.writable()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll("editions", 0o755); err != nil {
		return usage(err)
	}
	if err := writeNew(root, c.list(), list); err != nil {
		return usage(err)
	}
	_, err = fmt.Fprintf(std.out, "pubblicata l'edizione %s in %s\n", c.Name, filepath.Join(c.Dir, c.list()))
	return err
}

func writeNew(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
