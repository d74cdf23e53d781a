package userpool

import (
	_ "embed"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"
)

//go:embed model.txt
var modelText string

type kind string

const (
	kindText      kind = "text"
	kindEnum      kind = "enum"
	kindWhole     kind = "whole"
	kindTruth     kind = "truth"
	kindList      kind = "list"
	kindMap       kind = "map"
	kindStructure kind = "structure"
)

// shape is one line of model.txt.
type shape struct {
	kind      kind
	min, max  int // -1: none
	sensitive bool
	pattern   string
	matches   func(string) bool
	values    []string // of an enum
	element   string   // of a list, or the values of a map
	members   []member // of a structure
}

type member struct {
	name, shape string
	required    bool
}

// model is the parsed model.txt. It is read once per process and never changes.
type model struct {
	shapes map[string]shape
	inputs map[string]shape // by operation
}

var loadModel = sync.OnceValues(func() (model, error) { return parseModel(modelText) })

func parseModel(text string) (model, error) {
	m := model{shapes: map[string]shape{}, inputs: map[string]shape{}}
	for number, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line, pattern, _ := strings.Cut(line, " /")
		words := strings.Fields(line)
		if len(words) < 2 {
			return model{}, fmt.Errorf("model line %d: %q is no shape", number+1, line)
		}
		if words[0] == "operation" {
			m.inputs[words[1]] = shape{kind: kindStructure, members: members(words[2:])}
			continue
		}
		s, err := parseShape(kind(words[0]), words[2:], pattern)
		if err != nil {
			return model{}, fmt.Errorf("model line %d: %w", number+1, err)
		}
		m.shapes[words[1]] = s
	}
	return m, nil
}

func parseShape(k kind, words []string, pattern string) (shape, error) {
	s := shape{kind: k, min: -1, max: -1, pattern: pattern}
	switch k {
	case kindEnum:
		s.values = words
		return s, nil
	case kindStructure:
		s.members = members(words)
		return s, nil
	case kindText, kindWhole, kindTruth, kindList, kindMap:
	default:
		return shape{}, fmt.Errorf("kind %q is unknown", k)
	}
	for _, word := range words {
		if low, high, limits := strings.Cut(word, ".."); limits {
			s.min, s.max = limit(low), limit(high)
		} else if word == "sensitive" {
			s.sensitive = true
		} else {
			s.element = word // the values of a map come after its keys
		}
	}
	if pattern != "" {
		matches, err := matcher(pattern)
		if err != nil {
			return shape{}, err
		}
		s.matches = matches
	}
	return s, nil
}

func limit(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return value
}

func members(words []string) []member {
	all := make([]member, 0, len(words))
	for _, word := range words {
		name, shape, _ := strings.Cut(word, ":")
		name, required := strings.CutSuffix(name, "*")
		all = append(all, member{name: name, shape: shape, required: required})
	}
	return all
}

// matcher makes the test for a pattern. Nearly all are one class of characters, once or more; a table of the ASCII
// ones spares the regular expression engine thirty microseconds for every token.
func matcher(pattern string) (func(string) bool, error) {
	whole, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	if parsed.Op != syntax.OpPlus || parsed.Sub[0].Op != syntax.OpCharClass {
		return whole.MatchString, nil
	}
	var ascii [128]bool
	ranges := parsed.Sub[0].Rune
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1] && r < 128; r++ {
			ascii[r] = true
		}
	}
	return func(text string) bool {
		for i := range len(text) {
			if text[i] >= 128 {
				return whole.MatchString(text)
			}
			if !ascii[text[i]] {
				return false
			}
		}
		return text != ""
	}, nil
}
