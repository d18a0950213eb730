package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/ledger"
)

// Verification is measured against hashing the same bytes once: "of-hashing" is its speed as a part of that.
//
// A decision here is as the service has them: nine counters applied, a history of a dozen periods, the outcome
// without its sentences.
func BenchmarkExport(b *testing.B) {
	book := newBook(b)
	book.edition("2026-1", 1)
	facts := []byte(`{"periodi":[` + strings.Repeat(`{"numero":"770000000000001","prestazione":"CIGO","causale":"meteo","esito":"accoglimento","dal":"2025-01-06","al":"2025-03-02","ore_autorizzate":320.50},`, 11) + `{}]}`)
	outcome := []byte(`{"items":[` + strings.Repeat(`{"id":"cigo.settimane_biennio","verdict":"admissible","window":{"from":"2024-03-04","to":"2026-03-01"},"counted":"31/5","residual":"229/5"},`, 11) + `{}]}`)
	for n := range 4000 {
		book.decide(n, "2026-1", 1)
		e := &book.entries[len(book.entries)-1]
		r := must[*ledger.Receipt](b)(ledger.DecodeReceipt(e.Leaf))
		e.Facts, e.Outcome = facts, outcome
		r.FactsDigest, r.OutcomeDigest = ledger.DigestOf(facts), ledger.DigestOf(outcome)
		r.Rules = append(append(r.Rules, r.Rules...), r.Rules[0])
		for i := range r.Rules {
			r.Rules[i].On = noon.AddDate(0, 0, -n%400).Format(time.DateOnly)
		}
		e.Leaf = must[[]byte](b)(r.Encode())
		book.waiting[len(book.waiting)-1].Data = e.Leaf
		if n%1000 == 999 {
			book.sign()
		}
	}
	export := book.export()
	b.SetBytes(int64(len(export)))
	b.ReportAllocs()
	// Both in turn, the best of each: what else the machine does falls on both alike.
	hash, verify := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		sha256.Sum256(export)
		hashed := time.Now()
		if _, err := book.verify(export); err != nil {
			b.Fatal(err)
		}
		hash, verify = min(hash, hashed.Sub(start)), min(verify, time.Since(hashed))
	}
	b.ReportMetric(float64(len(export))/4000, "bytes/decision")
	b.ReportMetric(float64(hash)/float64(verify), "of-hashing")
}

// Appending, by the number of leaves in a batch; one operation is one leaf.
func BenchmarkAppend(b *testing.B) {
	_, signer := newKeys(b, 1)
	leaf := sampleLeaves(b)["receipt"]
	for _, batch := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			s := newShelf()
			var last *ledger.Signed
			leaves := make([]ledger.Waiting, batch)
			for i := range leaves {
				leaves[i] = ledger.Waiting{ID: "x", Data: leaf}
			}
			b.ReportAllocs()
			for n := 0; n < b.N; n += batch {
				x, err := ledger.Extend(context.Background(), last, s, leaves, signer, noon)
				if err != nil {
					b.Fatal(err)
				}
				s.keep(x.Tiles)
				last = x.Checkpoint
			}
		})
	}
}

func BenchmarkProveAmongTenMillion(b *testing.B) {
	ring, signer := newKeys(b, 1)
	e := newEndless()
	head, err := signer.Sign(nil, e.tree(b, 10_000_000), nil, noon)
	if err != nil {
		b.Fatal(err)
	}
	// The tiles of this proof are made before, so that reading them costs what a map costs.
	s := newShelf()
	keep := keeper{e, s}
	leaf := nth(7_654_321 % 64)
	p, err := ledger.Prove(context.Background(), 7_654_321, leaf, head, keep)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("prove", func(b *testing.B) {
		for b.Loop() {
			if _, err := ledger.Prove(context.Background(), 7_654_321, leaf, head, s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Verify(ring); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkReceipt(b *testing.B) {
	r := sampleReceipt()
	leaf, err := r.Encode()
	if err != nil {
		b.Fatal(err)
	}
	facts := []byte(`{"azienda":{"matricola":"0000000001","codice_fiscale":"00000000001","settore":"a"},"periodi":[` + string(bytes.Repeat([]byte(`{"numero":"1","dal":"2025-01-06","al":"2025-03-02","ore_fruite":1.50},`), 15)) + `{}],"richiesta":{"lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U"}]}}`)
	salts := seeded(1)
	for name, do := range map[string]func() error{
		"encode": func() error { _, err := r.Encode(); return err },
		"decode": func() error { _, err := ledger.DecodeReceipt(leaf); return err },
		"split":  func() error { _, _, _, err := ledger.Split(facts, isPersonal, salts); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// keeper keeps the tiles that it reads.
type keeper struct {
	from *endless
	to   *shelf
}

func (k keeper) ReadTiles(ctx context.Context, want []tlog.Tile) ([][]byte, error) {
	data, err := k.from.ReadTiles(ctx, want)
	for i, t := range want {
		k.to.tiles[[2]int64{int64(t.L), t.N}] = data[i]
	}
	return data, err
}
