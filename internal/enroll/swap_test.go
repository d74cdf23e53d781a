package enroll_test

import (
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/enroll"
)

func TestWordsAreReadAsPeopleTypeThem(t *testing.T) {
	for _, test := range []struct{ typed, want string }{
		{"K7M2QX", "K7M2QX"},
		{"K7M 2QX", "K7M2QX"},
		{" k7m-2qx ", "K7M2QX"},
		{"k 7 m – 2 q x", "K7M2QX"},
		{"\u200fk7m2qx\u200b", "K7M2QX"}, // marks that pasting brings along
		{"Ｋ７ｍ　２ｑｘ", "K7M2QX"},
		{"oOiIlL", "001111"},
		{"k7m2ıİ", "K7M211"}, // typed on a Turkish keyboard
		{"", ""},
		{"K7M2Q", ""},
		{"K7M2QXX", ""},
		{"K7M2QU", ""}, // no word has a U
		{"K7M2Q!", ""},
		{"К7М2QX", ""}, // Cyrillic
		{strings.Repeat("A", 2000), ""},
	} {
		word, ok := enroll.ReadWord(test.typed)
		if ok != (test.want != "") || ok && word.Reveal() != test.want {
			t.Errorf("%.20q: %q, %v; want %q", test.typed, word.Reveal(), ok, test.want)
		}
	}
}

func TestWordsDifferAndCanBeTyped(t *testing.T) {
	service := enroll.New(enroll.Options{Now: time.Now})
	seen, letters := map[string]bool{}, map[rune]bool{}
	for range 1000 {
		word := service.Offer(enroll.Flow{}).Word.Text.Reveal()
		if read, ok := enroll.ReadWord(word); !ok || read.Reveal() != word {
			t.Fatalf("%q is read as %q, %v", word, read.Reveal(), ok)
		}
		seen[word] = true
		for _, letter := range word {
			letters[letter] = true
		}
	}
	if len(seen) < 999 || len(letters) != 32 { // two alike among a thousand: once in two thousand runs
		t.Errorf("%d words of 1000 differ, with %d letters", len(seen), len(letters))
	}
}

func TestAFlowArrivesAsItIs(t *testing.T) {
	first := fullFlow()
	second := first.Arrived()
	if second.ID == first.ID || second.ID == (enroll.ID{}) || !second.Word.Text.IsZero() || second.Notice != enroll.NoticeArrived {
		t.Fatalf("arrived with ID %v, word %q, notice %v", second.ID, second.Word.Text.Reveal(), second.Notice)
	}
	second.ID, second.Word, second.Notice = first.ID, first.Word, first.Notice
	was, _ := first.MarshalBinary()
	is, _ := second.MarshalBinary()
	if string(was) != string(is) {
		t.Error("more than the ID, the word and the notice changed on the way")
	}
}

func TestAWordEndsWithItsFlow(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	service := enroll.New(enroll.Options{Now: func() time.Time { return now }})
	for left, want := range map[time.Duration]time.Duration{time.Hour: 3 * time.Minute, time.Minute: time.Minute} {
		if got := service.Offer(enroll.Flow{Until: now.Add(left)}).WordUntil(); !got.Equal(now.Add(want)) {
			t.Errorf("with %v left the word ends at %v, want after %v", left, got, want)
		}
	}
}
