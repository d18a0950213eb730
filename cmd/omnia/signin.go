package main

import (
	"context"
	"fmt"
	"time"

	"omnia/identity"
)

// development tells whether people sign in with tokens of the built-in issuer: no other is set.
func (c *serveConfig) development() bool { return len(c.Issuers()) == 0 }

// checkSignIn refuses the built-in issuer where others could reach it.
func (c *serveConfig) checkSignIn() error {
	if !c.development() {
		return nil
	}
	return identity.CheckDev(c.Addr, len(c.Issuers()))
}

// signIn is what verifies tokens: of the issuers that are set, else of the one built in, whose key is
// in the data folder.
func (c *serveConfig) signIn(ctx context.Context) (*identity.Verifier, error) {
	issuers := c.Issuers()
	if c.development() {
		dev, err := identity.OpenDev(c.Data, time.Now)
		if err != nil {
			return nil, usage(fmt.Errorf("OMNIA_DATA: the key of the development sign-in: %w", err))
		}
		issuers = append(issuers, dev.Issuer())
	}
	v, err := identity.NewVerifier(ctx, issuers)
	if err != nil {
		return nil, usage(err)
	}
	return v, nil
}
