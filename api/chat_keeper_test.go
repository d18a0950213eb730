package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/api"
	"omnia/archive"
	"omnia/chat"
)

// A legal hold keeps a conversation beyond its time, with its files, and keeps its messages from being redacted; when it is
// lifted the keeper, which runs by itself, deletes all of it, and what it did is in the record of accesses.
func TestALegalHoldKeepsAConversation(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*api.Config){"sqlite": func(*api.Config) {}, "postgres": onPostgres(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParlour(t, func(c *api.Config) {
				database(c)
				c.Ledger, _ = c.Archive.(api.Ledger)
			})
			held, other := p.open("titolare", first, ""), p.open("consulente", second, "")
			upload := post(held+"/attachments?name=appunti.txt", "appunti")
			upload.headers["Content-Type"] = "application/octet-stream"
			file := held + "/attachments/" + read[map[string]any](t, p.as("titolare", upload))["id"].(string)
			m := p.post("titolare", held+"/messages", fmt.Sprintf(`{"client_id": %q, "text": "in allegato", "attachments": [%q]}`, uuid.NewString(), file[strings.LastIndex(file, "/")+1:]), http.StatusCreated)
			p.say("consulente", other, "altra impresa")
			for _, at := range []string{held, other} {
				p.post(map[string]string{held: "titolare", other: "consulente"}[at], at+"/close", `{"reason": "risolto"}`, http.StatusOK)
			}
			hold := p.post("auditor", "/v1/legal-holds", fmt.Sprintf(`{"matricola": %q, "reason": "contenzioso"}`, first), http.StatusCreated)["id"].(string)
			redact := post(fmt.Sprint(held, "/messages/", m["id"], "/redaction"), `{"reason": "dato personale"}`)
			want(t, p.as("titolare", redact), http.StatusConflict, "legal_hold")

			keeper := api.NewChatKeeper(p.config)
			keeper.Start()
			defer keeper.Stop()
			p.at(opening.AddDate(3, 0, 0))
			gone := func(at string) bool {
				_, err := p.chat.Storage.Conversation(t.Context(), strings.TrimPrefix(at, conversations+"/"))
				return err != nil
			}
			wait := func(what string, until func() bool) {
				t.Helper()
				for deadline := time.Now().Add(60 * time.Second); !until(); time.Sleep(50 * time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal(what)
					}
				}
			}
			wait("the conversation without a hold is never deleted", func() bool { return gone(other) })
			if res := p.as("titolare", get(held+"/messages")); res.Code != http.StatusOK || !strings.Contains(res.Body.String(), "in allegato") {
				t.Errorf("under a hold: %d %s", res.Code, res.Body)
			}
			if res := p.as("titolare", get(file)); res.Code != http.StatusOK || res.Body.String() != "appunti" {
				t.Errorf("the file, under a hold: %d", res.Code)
			}

			lift := post("/v1/legal-holds/"+hold, "")
			lift.method = http.MethodDelete
			if res := p.as("auditor", lift); res.Code >= http.StatusBadRequest {
				t.Fatalf("lifted: %d %s", res.Code, res.Body)
			}
			p.at(opening.AddDate(3, 0, 1))
			wait("after the hold was lifted the conversation is never deleted", func() bool { return gone(held) })
			for _, path := range []string{held, held + "/messages", file} {
				want(t, p.as("titolare", get(path)), http.StatusNotFound, "conversation_not_found")
			}
			if _, _, err := p.chat.Storage.Attachment(t.Context(), strings.TrimPrefix(held, conversations+"/"), file[strings.LastIndex(file, "/")+1:], "sub-titolare", true); err == nil {
				t.Error("the file is still there")
			}
			var traces []string
			for _, l := range p.lines() {
				if l.Azione == "chat.dimentica" {
					traces = append(traces, l.Matricola+" "+l.Oggetto+" "+l.Motivo)
				}
			}
			if len(traces) != 2 || !strings.HasPrefix(traces[0], second) || !strings.HasPrefix(traces[1], first) ||
				!strings.Contains(traces[1], "messaggi 1, allegati 1") || !strings.Contains(traces[1], "chat.conservazione_giorni, versione 1, edizione ") {
				t.Errorf("what remains of them: %q", traces)
			}
		})
	}
}

// clouded is an archive that can't say what binds one person to anything.
type clouded struct {
	api.Archive
	codiceFiscale string
}

func (c clouded) Subject(ctx context.Context, cf, matricola string) (archive.Subject, error) {
	if cf == c.codiceFiscale {
		return archive.Subject{}, errors.New("unreadable")
	}
	return c.Archive.Subject(ctx, cf, matricola)
}

// What nobody closes is closed when nobody has said anything for as long as the rules allow, and both are told.
func TestTheKeeperEndsWhatHasFallenSilent(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	silent, kept := p.open("titolare", first, ""), p.open("titolare", first, "")
	p.post("advisor", silent+"/assignment", "", http.StatusOK)
	p.at(opening.AddDate(0, 0, 10))
	p.say("titolare", silent, "ci siete?")
	p.at(opening.AddDate(0, 0, 20))
	p.say("titolare", kept, "e qui?")
	keeper := api.NewChatKeeper(p.config)
	keeper.Start()
	defer keeper.Stop()
	p.at(opening.AddDate(0, 0, 40))
	conversation := func(at string) *chat.Conversation {
		k, err := p.chat.Storage.Conversation(t.Context(), strings.TrimPrefix(at, conversations+"/"))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	for deadline := time.Now().Add(60 * time.Second); conversation(silent).State != chat.Closed; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never closed")
		}
	}
	if k := conversation(silent); k.CloseReason != chat.ReasonSilent || k.ClosedBy != "" {
		t.Errorf("closed by %q for %q", k.ClosedBy, k.CloseReason)
	}
	if said := p.texts("titolare", silent); !strings.Contains(said[len(said)-1], "da 30 giorni nessuno vi scrive") {
		t.Errorf("the person is told %q", said)
	}
	if k := conversation(kept); k.State == chat.Closed {
		t.Error("one in which something was said 20 days ago is closed as well")
	}
	if err := p.chat.EndSilent(t.Context(), conversation(kept)); err != nil || conversation(kept).State == chat.Closed {
		t.Errorf("20 days are too long: %v", err)
	}
}

// A revocation closes the conversation by itself, within seconds, also when another one can't be judged.
func TestTheKeeperEndsWhatMayNotGoOn(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	revoked := p.open("titolare", first, "")
	p.open("consulente", second, "") // later: it is looked at before
	p.config.Archive = clouded{p.store, p.people["consulente"].CodiceFiscale}
	keeper := api.NewChatKeeper(p.config)
	keeper.Start()
	defer keeper.Stop()
	if _, err := p.store.Revoke(t.Context(), p.bonds["own"], "prova", opening); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		k, err := p.chat.Storage.Conversation(t.Context(), strings.TrimPrefix(revoked, conversations+"/"))
		if err != nil {
			t.Fatal(err)
		}
		if k.State == chat.Closed {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("never closed")
		}
	}
}
