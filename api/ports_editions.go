package api

import (
	"context"

	"omnia/archive"
)

// Editions are the editions of the rules that were published, and which of them is in use; part of [Archive].
type Editions interface {
	// PublishedEditions lists them in the order in which they were, without what they are made of.
	PublishedEditions(ctx context.Context) ([]archive.Edition, error)
	// Edition is one with what it is made of, by its name or root digest; archive.ErrNotFound when there is none.
	Edition(ctx context.Context, name string) (*archive.Edition, error)
	// PublishedEdition is Edition with the text of every file.
	PublishedEdition(ctx context.Context, name string) (*archive.Edition, error)
	// ActiveEdition is the root digest of the one in use; "" while there is none.
	ActiveEdition(ctx context.Context) (digest string, err error)
	// Activations lists which was taken into use when, the last one first.
	Activations(ctx context.Context) ([]archive.Activation, error)
	// Activate takes one into use, in the log too. One that is in use already is left so.
	Activate(ctx context.Context, digest, by, reason string) error
}
