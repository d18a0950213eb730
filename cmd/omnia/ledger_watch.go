package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"omnia/ledger"
)

// witnessTime bounds one request of a witness to the log.
const witnessTime = 30 * time.Second

// fetched reads from the log that is served how it has grown since the last checkpoint, or its head the first time. A log that has
// become shorter is refused, with its head for evidence.
func (c *ledgerWitnessCmd) fetched(ctx context.Context, last *ledger.Signed) ([]byte, error) {
	head, status, err := c.ask(ctx, http.MethodGet, "/v1/ledger/checkpoint", "")
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, wrong(fmt.Errorf("%s has no head to countersign: %s", c.Log, problemText(status, head)))
	}
	if last == nil {
		return head, nil
	}
	growth, status, err := c.ask(ctx, http.MethodGet, "/v1/ledger/consistency?from="+strconv.FormatInt(last.Tree.N, 10), "")
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, c.refuse(string(head), fmt.Errorf("%s can't show that it goes on from the %d leaves that were countersigned: %s", c.Log, last.Tree.N, problemText(status, growth)))
	}
	return growth, nil
}

// sendBack gives the log the signature of the witness, and gets the checkpoint with all signatures.
func (c *ledgerWitnessCmd) sendBack(ctx context.Context, note string) (string, error) {
	merged, status, err := c.ask(ctx, http.MethodPost, "/v1/ledger/cosignatures", note)
	if err != nil {
		return "", err
	}
	if status != http.StatusOK {
		return "", wrong(fmt.Errorf("%s does not take the signature (does its keyring have this witness? omnia ledger add-witness): %s", c.Log, problemText(status, merged)))
	}
	return string(merged), nil
}

func (c *ledgerWitnessCmd) ask(ctx context.Context, method, path, body string) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(ctx, witnessTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Log, "/")+path, strings.NewReader(body))
	if err != nil {
		return nil, 0, usage(fmt.Errorf("--log: %w", err))
	}
	if body != "" {
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, 0, usage(fmt.Errorf("--log: %w", err))
	}
	defer res.Body.Close() // read only
	text, err := io.ReadAll(io.LimitReader(res.Body, maxInput))
	if err != nil {
		return nil, 0, usage(fmt.Errorf("--log: %w", err))
	}
	return text, res.StatusCode, nil
}

// problemText is what an answer says is wrong: its code, or what it is.
func problemText(status int, body []byte) string {
	var p struct{ Code, Detail string }
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fmt.Sprintf("status %d", status)
	}
	return fmt.Sprintf("status %d, %s: %s", status, p.Code, p.Detail)
}
