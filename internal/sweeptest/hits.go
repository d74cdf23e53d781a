package sweeptest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// enough is how many secrets of each class are looked for, so that memory lasts. Whoever has more is told.
const enough = 200_000

// needles are encoded secrets, found by their first eight bytes. The first three are looked up in a table first, which
// nearly everything that is no secret fails.
type needles struct {
	first map[uint64][]needle
	three [1 << 15]bool // whether one begins with bytes that fold to this
	codes map[string]bool
}

type needle struct {
	class Class
	form  string
	text  string
}

func newNeedles() *needles { return &needles{first: map[uint64][]needle{}, codes: map[string]bool{}} }

func fold(a, b, c byte) int { return int(a&31)<<10 | int(b&31)<<5 | int(c&31) }

func (n *needles) add(class Class, text string) {
	if class == Code {
		n.codes[text] = true
		return
	}
	for form, encoded := range Encodings(text) {
		if len(encoded) >= 8 {
			at := binary.LittleEndian.Uint64([]byte(encoded))
			n.first[at] = append(n.first[at], needle{class, form, encoded})
			n.three[fold(encoded[0], encoded[1], encoded[2])] = true
		}
	}
}

// Hit is a secret that was found, and where.
type Hit struct {
	Class Class
	Form  string
	Near  string
}

func (h Hit) String() string { return fmt.Sprintf("%s (%s) in …%s…", h.Class, h.Form, h.Near) }

// sixAlone calls found for each place where six digits stand as a word of their own: only there are they a code, and not a
// part of a number, a time or a name.
func sixAlone(text []byte, found func(at int)) {
	digit := func(b byte) bool { return b >= '0' && b <= '9' }
	joined := func(b byte, marks string) bool {
		return digit(b) || b|0x20 >= 'a' && b|0x20 <= 'z' || strings.IndexByte(marks, b) >= 0
	}
	for i := 0; i < len(text); i++ {
		if !digit(text[i]) {
			continue
		}
		end := i + 1
		for end < len(text) && digit(text[end]) {
			end++
		}
		if end-i == 6 && (i == 0 || !joined(text[i-1], ".:*#-")) && (end == len(text) || !joined(text[end], ".:#-")) {
			found(i)
		}
		i = end
	}
}

// find looks for all of them in a text.
func (n *needles) find(text []byte) (hits []Hit) {
	for i := 0; i+8 <= len(text); i++ {
		if !n.three[fold(text[i], text[i+1], text[i+2])] {
			continue
		}
		for _, needle := range n.first[binary.LittleEndian.Uint64(text[i:])] {
			if bytes.HasPrefix(text[i:], []byte(needle.text)) {
				hits = append(hits, Hit{needle.class, needle.form, near(text, i, i+20)})
			}
		}
	}
	if len(n.codes) > 0 {
		sixAlone(text, func(at int) {
			if n.codes[string(text[at:at+6])] {
				hits = append(hits, Hit{Code, "as it is", near(text, at, at+6)})
			}
		})
	}
	if at := bytes.Index(text, []byte("\x89PNG")); at >= 0 {
		hits = append(hits, Hit{Key, "picture", near(text, at, at)})
	}
	return hits
}

func near(text []byte, from, to int) string {
	return string(text[max(0, from-100):min(len(text), to)])
}
