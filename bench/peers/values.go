package main

import (
	"fmt"
	"strings"

	material "omnia/engine/rulebook/bench"
)

// values are the facts of a form by name, as engines with dynamic input take them. Decimals are
// floats, which the other engines compute in.
func values[Int int | int64](f *material.Form) map[string]any {
	m := make(map[string]any, 60)
	for i, v := range f.N {
		m[fmt.Sprint("n", i)] = Int(v)
	}
	for i, v := range f.S {
		m[fmt.Sprint("s", i)] = v
	}
	for i, v := range f.D {
		m[fmt.Sprint("d", i)] = float64(v) / 100
	}
	for i, v := range f.B {
		m[fmt.Sprint("b", i)] = v
	}
	return m
}

func allValues[Int int | int64](inputs []material.Form) []map[string]any {
	out := make([]map[string]any, len(inputs))
	for i := range inputs {
		out[i] = values[Int](&inputs[i])
	}
	return out
}

// rename rewrites the names of facts, which are outside of quotes.
func rename(text string, name func(string) string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		end := i + 1
		switch c := text[i]; {
		case c == '"':
			end = i + 2 + strings.IndexByte(text[i+1:], '"')
			out.WriteString(text[i:end])
		case strings.IndexByte("nsdb", c) >= 0 && end < len(text) && digit(text[end]):
			for end < len(text) && digit(text[end]) {
				end++
			}
			out.WriteString(name(text[i:end]))
		case c >= 'a' && c <= 'z':
			for end < len(text) && (text[end] >= 'a' && text[end] <= 'z' || text[end] >= 'A' && text[end] <= 'Z') {
				end++
			}
			out.WriteString(text[i:end]) // an operator in letters
		default:
			out.WriteByte(c)
		}
		i = end
	}
	return out.String()
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// alternatives are the parts between the outer || of a rule, without their brackets.
func alternatives(text string) []string {
	parts := strings.Split(text, " || ")
	for i, p := range parts {
		parts[i] = strings.TrimSuffix(strings.TrimPrefix(p, "("), ")")
	}
	return parts
}
