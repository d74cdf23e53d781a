package enroll

import (
	"crypto/rand"
	"strings"
	"time"
	"unicode"

	"cognito-enroll/internal/secret"
)

// A flow goes on on another screen by a word: the first screen shows it, somebody types it on the second. What both
// stand on is one flow: it moves as it is, with its key, its authority and all its limits, and ends where it was.
const (
	wordSize = 6
	wordFor  = 3 * time.Minute // long enough to sit down at a computer and type an address
)

// wordAlphabet is Crockford's base32, which leaves out I, L, O and U: six of them are one of 2^30 words.
const wordAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Word lets whoever types it go on with the flow on another screen.
type Word struct {
	Text secret.Text // six characters of wordAlphabet
	Made time.Time
}

func newWord(now time.Time) Word {
	var word [wordSize]byte
	_, _ = rand.Read(word[:]) // never fails (crypto/rand, since Go 1.24)
	for i, b := range word {
		word[i] = wordAlphabet[int(b)%len(wordAlphabet)]
	}
	return Word{Text: secret.New(string(word[:])), Made: now}
}

// ReadWord reads a word as people type it: small or wide letters, spaces, dashes and invisible marks anywhere, the
// letter O for a zero, I or L for a one. It reports whether that can be a word.
func ReadWord(typed string) (secret.Text, bool) {
	var word strings.Builder
	for _, r := range typed {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) {
			continue
		}
		if r >= '！' && r <= '～' { // the wide forms of ASCII, as East Asian keyboards write them
			r -= '！' - '!'
		}
		switch r = unicode.ToUpper(r); r {
		case 'O':
			r = '0'
		case 'I', 'L', 'İ': // a Turkish keyboard has two letters I
			r = '1'
		}
		if !strings.ContainsRune(wordAlphabet, r) || word.Len() == wordSize {
			return secret.Text{}, false
		}
		word.WriteRune(r)
	}
	return secret.New(word.String()), word.Len() == wordSize
}

// Offer makes a word for the flow. An earlier one is forgotten.
func (s *Service) Offer(f Flow) Flow {
	f.Word = newWord(s.now())
	return f
}

// Arrived is the flow on the screen where its word was typed: another sign-in to the portal, so that the one it was can
// be ended, and the same in everything else.
func (f Flow) Arrived() Flow {
	f.ID, f.Word, f.Notice = newID(), Word{}, NoticeArrived
	return f
}

// Moved is what the first screen still knows of a flow that went on elsewhere.
func (f Flow) Moved() Flow {
	return Flow{Notice: NoticeMoved, Began: f.Began, Account: f.Account, ReturnTo: f.ReturnTo}
}

// MayMove reports whether the flow stands where going on on another screen helps.
func (f Flow) MayMove(now time.Time) bool {
	step := f.At(now)
	return step == StepReview || step == StepScan
}

// WordUntil is when the flow's word ends: never later than the flow's own time.
func (f Flow) WordUntil() time.Time {
	end := f.Word.Made.Add(wordFor)
	if f.Until.Before(end) {
		return f.Until
	}
	return end
}
