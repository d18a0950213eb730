// Write writes floor.go: the rules of the seed as straight-line Go.
package main

import (
	"log"
	"os"

	"omnia/engine/rulebook/bench"
)

func main() {
	if err := os.WriteFile("floor.go", bench.Source(), 0o644); err != nil {
		log.Fatal(err)
	}
}
