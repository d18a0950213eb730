// Package mutationtest asks whether the cases beside the rules would notice a mistake in the law.
//
// A mutant is the folder of rules with one small change of the kind that a tired author makes: a
// turned comparison, a day too early, a limit off by one, a derogation that was forgotten. Each is
// loaded and all cases are run on it; a mutant is killed when a case fails. One that
// survives is a sentence of law that no case holds fast. One that does not load was
// stopped by the check of the rules, before any case, and is counted apart.
//
// What no counter reads (terms of procedure, ceilings of pay) is out of scope here: the cases
// decide on counters.
//
//	go test ./engine/mutationtest -v         the table and every survivor
package mutationtest
