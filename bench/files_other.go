//go:build !unix

package main

// manyFiles has nothing to do where files are not counted.
func manyFiles() error { return nil }
