package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"time"

	"omnia/identity"
	"omnia/rules"
)

// rulesConfig says where the rules are. It is part of every command that decides.
type rulesConfig struct {
	Rules string `env:"OMNIA_RULES" placeholder:"FOLDER" help:"Folder of rules; without it those in the binary."`
}

// fsys is the folder of rules; nothing of it is read yet.
func (c rulesConfig) fsys() (fs.FS, error) {
	if c.Rules == "" {
		return rules.FS, nil
	}
	info, err := os.Stat(c.Rules)
	if err != nil {
		return nil, usage(fmt.Errorf("OMNIA_RULES: %w", err))
	}
	if !info.IsDir() {
		return nil, usage(fmt.Errorf("OMNIA_RULES: %s is not a folder", c.Rules))
	}
	return os.DirFS(c.Rules), nil
}

// where names the rules for people.
func (c rulesConfig) where() string {
	if c.Rules == "" {
		return "built in"
	}
	return c.Rules
}

// serveConfig is everything `serve` can be told, by flag or by environment.
type serveConfig struct {
	rulesConfig
	archiveConfig
	identity.Config

	Addr      string `env:"OMNIA_ADDR" default:"127.0.0.1:8080" help:"Address to listen on (default ${default})."`
	Demo      string `env:"OMNIA_DEMO" enum:"auto,no" default:"auto" help:"Demo data: auto puts them into an empty archive when signing in is for development; no never does (default ${default})."`
	Activate  string `env:"OMNIA_ACTIVATE" enum:"auto,no" default:"auto" help:"The edition that this program brings: auto takes it into use when it goes on from the one in use; no only stores it, while older instances that may not read it are still live (default ${default})."`
	PublicURL string `env:"OMNIA_PUBLIC_URL" placeholder:"URL" help:"Where callers reach the service, for logs and the OpenAPI document (default: the address)."`

	TrustedProxies []string `env:"OMNIA_TRUSTED_PROXIES" placeholder:"CIDR,…" help:"Proxies whose X-Forwarded-For is believed (default none)."`

	RequestTime time.Duration `env:"OMNIA_REQUEST_TIME" default:"10s" help:"Time limit of one request (default ${default})."`
	RateLimit   int           `env:"OMNIA_RATE_LIMIT" default:"200" help:"Requests a second for one caller (default ${default})."`
	InFlight    int           `env:"OMNIA_IN_FLIGHT" default:"256" help:"Requests served at a time; more are refused with 503 (default ${default})."`
	DrainDelay  time.Duration `env:"OMNIA_DRAIN_DELAY" default:"500ms" help:"On a stop signal, how long /status answers 503 before the door is shut (default ${default})."`
	StopTime    time.Duration `env:"OMNIA_STOP_TIME" default:"15s" help:"Then how long requests under way may take to finish (default ${default})."`

	LogLevel slog.Level `env:"OMNIA_LOG_LEVEL" default:"info" help:"debug, info, warn or error (default ${default})."`
}

// check finds every setting that can't be; serving starts only when there is none.
func (c *serveConfig) check() error {
	var wrongs []error
	for _, err := range []error{c.archiveConfig.check(), c.Config.Check(), c.checkSignIn()} {
		if err != nil {
			wrongs = append(wrongs, err)
		}
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		wrongs = append(wrongs, fmt.Errorf("OMNIA_ADDR: %w; write it as 127.0.0.1:8080", err))
	}
	if u, err := url.Parse(c.PublicURL); err != nil || c.PublicURL != "" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		wrongs = append(wrongs, fmt.Errorf("OMNIA_PUBLIC_URL: %q is not an http or https URL", c.PublicURL))
	}
	for _, p := range c.TrustedProxies {
		if _, _, err := net.ParseCIDR(p); err != nil && net.ParseIP(p) == nil {
			wrongs = append(wrongs, fmt.Errorf("OMNIA_TRUSTED_PROXIES: %q is neither an address nor a network", p))
		}
	}
	if !c.development() && c.LedgerKey == "" {
		wrongs = append(wrongs, errors.New("OMNIA_LEDGER_KEY: it is needed where people sign in for real, or each machine would sign the log with a key of its own; "+
			"«omnia ledger key new --origin NAME FILE» makes one: give its file to every instance"))
	}
	for _, bound := range []struct {
		name string
		ok   bool
	}{
		{"OMNIA_REQUEST_TIME", c.RequestTime > 0}, {"OMNIA_RATE_LIMIT", c.RateLimit > 0}, {"OMNIA_IN_FLIGHT", c.InFlight > 0},
		{"OMNIA_DRAIN_DELAY", c.DrainDelay >= 0}, {"OMNIA_STOP_TIME", c.StopTime > 0},
	} {
		if !bound.ok {
			wrongs = append(wrongs, fmt.Errorf("%s: must be above zero", bound.name))
		}
	}
	if len(wrongs) > 0 {
		return usage(errors.Join(wrongs...))
	}
	return nil
}
