package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"omnia/bench/measure"
	"omnia/identity"
	"omnia/ledger"
	"omnia/store"
)

// recorded measures what it costs that each decision is on disk before it is answered.
func (b *bench) recorded() error {
	b.Title(fmt.Sprintf("POST /v1/counters with %d periods, recorded durably and not", periodsOfRequest),
		"omnia serve in a process of its own, the portal's token, keep-alive connections. The floor is the same requests with Prefer: record=none. "+
			"Every commit is synced to the disk (PostgreSQL: fsync and synchronous_commit on; SQLite: synchronous FULL). The two kinds of requests run by turns on the same connections; the clients share the machine with the servers.")
	return b.with(func(d *databases) error {
		binary, err := d.program()
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			if err := b.recordedOn(d, kind, binary); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
		return nil
	})
}

// recordTargets are what recorded requests must reach of the throughput of the others, by database.
var recordTargets = map[string]float64{"SQLite": 0.35, "PostgreSQL": 0.45}

func (b *bench) recordedOn(d *databases, kind, binary string) error {
	s, dsn, err := d.fresh(kind)
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil { // a SQLite file is of one process
		return err
	}
	data := filepath.Join(d.dir, "data of "+kind)
	r := &recording{bench: b, kind: kind}
	if err := r.serve(binary, dsn, data, nil); err != nil { // the edition is published
		return err
	}
	if err := d.age(kind); err != nil {
		return err
	}
	before, err := sizeOnDisk(kind, dsn)
	if err != nil {
		return err
	}
	if err := r.serve(binary, dsn, data, r.measure); err != nil {
		return err
	}
	after, err := sizeOnDisk(kind, dsn)
	if err != nil {
		return err
	}
	row, err := r.row(dsn)
	if err != nil {
		return err
	}
	b.Line("%s: %d decisions, each with %s of facts and outcome; %s of the database for each, indexes and all.\n", kind, r.decisions,
		measure.Size(row), measure.Size(float64(after-before)/float64(r.decisions)))
	return nil
}

// recording is the comparison on one database.
type recording struct {
	*bench
	kind      string
	decisions int64
	server    *child
	messages  [2][]message // not recorded, recorded
}

// serve runs do while the service runs.
func (r *recording) serve(binary, dsn, data string, do func() error) (err error) {
	if r.server, err = startService(binary, dsn, data); err != nil {
		return err
	}
	defer r.server.stop()
	if do == nil {
		return nil
	}
	dev, err := identity.OpenDev(data, time.Now)
	if err != nil {
		return err
	}
	token, err := dev.Token(identity.Person{Subject: "portale", Ruoli: []string{"portale"}}, 0)
	if err != nil {
		return err
	}
	for i := range r.sizes.units {
		q := question{http.MethodPost, "/v1/counters", "Bearer " + token, unitFacts(i)}
		for k := range r.messages {
			m, err := q.message(r.server.server, k == 1)
			if err != nil {
				return err
			}
			r.messages[k] = append(r.messages[k], m)
		}
	}
	return do()
}

// measure compares at several numbers of connections, and sees that every decision that was answered is in the log.
func (r *recording) measure() error {
	before, err := r.server.leaves()
	if err != nil {
		return err
	}
	answered := int64(0)
	for _, n := range r.sizes.connections {
		wires, err := r.server.wires(n)
		if err != nil {
			return err
		}
		done, err := r.compare(wires)
		if err := errors.Join(err, hangUp(wires)); err != nil {
			return fmt.Errorf("%d connections: %w", n, err)
		}
		answered += done
	}
	after, err := r.server.leaves()
	if r.decisions = after - before; err == nil && r.decisions != answered {
		err = fmt.Errorf("%d decisions were answered, %d are in the log", answered, r.decisions)
	}
	return err
}

// compare floods the service by turns, and then gives it half of what it can record.
func (r *recording) compare(wires []*wire) (recorded int64, err error) {
	slice := max(10*r.plan.Slice, time.Second)
	if r.sizes.hasty {
		slice = 20 * time.Millisecond
	}
	var rates, used, middle, late [2][]float64
	for round := range max(r.plan.Rounds, 7) + 1 {
		for k, messages := range r.messages {
			runtime.GC()
			before := r.server.cpu()
			n, took, err := flood(wires, messages, slice)
			if err != nil {
				return 0, err
			}
			if k == 1 {
				recorded += int64(n)
			}
			if round > 0 { // the first one warms
				rates[k], used[k] = append(rates[k], n/took.Seconds()), append(used[k], float64((r.server.cpu()-before).Nanoseconds())/n)
			}
		}
	}
	half := measure.Median(rates[1]) / 2
	for range 5 {
		for k, messages := range r.messages {
			runtime.GC()
			took, err := pace(wires, messages, half, 3*slice)
			if err != nil {
				return 0, err
			}
			if k == 1 {
				recorded += int64(len(took))
			}
			middle[k], late[k] = append(middle[k], measure.Quantile(took, 0.5)), append(late[k], measure.Quantile(took, 0.99))
		}
	}
	r.report(len(wires), rates, used, middle, late, half)
	return recorded, nil
}

// report takes each ratio to the floor of the same round, as everywhere.
func (r *recording) report(connections int, rates, used, middle, late [2][]float64, half float64) {
	b, rows := r.bench, make([][]string, 2)
	for k, name := range []string{"not recorded (floor)", "recorded"} {
		against := ratios(rates[k], rates[0])
		rows[k] = []string{name, fmt.Sprintf("%.0f", measure.Median(rates[k])), fmt.Sprintf("%.2f", measure.Median(against)),
			fmt.Sprintf("%.2f – %.2f", slices.Min(against), slices.Max(against)), measure.Time(measure.Median(used[k])),
			measure.Time(measure.Median(middle[k])), measure.Time(measure.Median(late[k]))}
	}
	b.Line("%s, %d connections:\n", r.kind, connections)
	b.Table([]string{"", "requests/s", "× floor", "least – most", "server CPU a request", fmt.Sprintf("median at %.0f/s", half), fmt.Sprintf("p99 at %.0f/s", half)}, rows)
	where := fmt.Sprintf("%s, %d connections: ", r.kind, connections)
	b.AtLeast(where+"throughput recorded, × not recorded", ratio(rates[1], rates[0]), recordTargets[r.kind])
	b.AtMost(where+"p99 at half of what can be recorded, × not recorded", ratio(late[1], late[0]), 3)
	b.Line("The ratio of the p99 in each round: %.2f.\n", ratios(late[1], late[0]))
	b.Line("")
}

// leaves is how long the log is, by its checkpoint: the second line of it.
func (s *child) leaves() (int64, error) {
	res, err := s.client.Get(s.server + "/v1/ledger/checkpoint")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	lines := strings.Split(string(text), "\n")
	if res.StatusCode != http.StatusOK || len(lines) < 2 {
		return 0, fmt.Errorf("status %d: %s", res.StatusCode, text)
	}
	return strconv.ParseInt(lines[1], 10, 64)
}

// sizeOnDisk is how large a database is that nobody writes to, in bytes.
func sizeOnDisk(kind, dsn string) (n int64, err error) {
	query := "SELECT pg_database_size(current_database())"
	if kind == "SQLite" {
		query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
	}
	db, err := plain(dsn)
	if err != nil {
		return 0, err
	}
	err = db.QueryRow(query).Scan(&n)
	return n, errors.Join(err, db.Close())
}

// row is how long facts and outcome of a decision are, on average of some.
func (r *recording) row(dsn string) (float64, error) {
	s, err := store.Open(context.Background(), dsn, store.Options{})
	if err != nil {
		return 0, err
	}
	list, err := s.DecisionsAfter(context.Background(), ledger.Criteria{}, -1, 100)
	if err := errors.Join(err, s.Close()); err != nil {
		return 0, err
	}
	n := 0
	for _, d := range list {
		n += len(d.Facts) + len(d.Outcome)
	}
	return float64(n) / float64(len(list)), nil
}
