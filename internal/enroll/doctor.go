package enroll

import (
	"strings"
	"time"
	"unicode"

	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/totp"
)

// Verdict is what the doctor says of a typed code.
type Verdict uint8

// The verdicts.
const (
	Match        Verdict = iota
	NoMatch              // of no key and time that we know
	NotSixDigits         // not a code at all
	ClockSlow            // right key, but the phone's clock is behind
	ClockFast            // right key, but the phone's clock is ahead
	EarlierEntry         // of an entry that was scanned earlier
	JustUsed             // accepted once already; the pool takes no code twice
	PoolRefused          // matches the key, and the pool says no all the same
)

// String is the verdict's name in message keys and logs.
func (v Verdict) String() string {
	switch v {
	case Match:
		return "match"
	case NoMatch:
		return "no_match"
	case NotSixDigits:
		return "not_six_digits"
	case ClockSlow:
		return "clock_slow"
	case ClockFast:
		return "clock_fast"
	case EarlierEntry:
		return "earlier_entry"
	case JustUsed:
		return "just_used"
	case PoolRefused:
		return "pool_refused"
	}
	return "verdict"
}

// Diagnosis is a verdict with its figures.
type Diagnosis struct {
	Verdict Verdict
	Off     time.Duration // with ClockSlow and ClockFast: how far the phone's clock is off, whole minutes, at least one
}

const (
	// window is how many steps either side of the present one Cognito accepts (developer guide, TOTP MFA).
	window = 1
	// searched is how far the doctor looks for a clock that has drifted: twenty minutes either way.
	searched = 40
	// zoned is how near to a whole half hour a clock is that somebody set by hand in the wrong time zone.
	zoned = 4
	// spentFor is how long a code that was accepted may still be on somebody's screen or clipboard.
	spentFor = 5 * time.Minute
)

// halfHour is a time zone's smallest step that matters, in steps of thirty seconds.
const halfHour = int64(30 * time.Minute / totp.Period)

// diagnose reads what was typed and says what it is, from what the flow knows, without asking anybody. It answers
// the code in ASCII digits unless the verdict is NotSixDigits. Without a pending key (at sign-in) it can only tell
// NotSixDigits and JustUsed; everything else is a Match for the pool to judge.
func diagnose(f Flow, typed string, now time.Time) (string, Diagnosis) {
	code, ok := ReadCode(typed)
	if !ok {
		return "", Diagnosis{Verdict: NotSixDigits}
	}
	step := totp.Step(now)
	spent := f.Spent.Code.Equal(secret.New(code)) && now.Sub(f.Spent.At) < spentFor
	if f.Key.IsZero() {
		if spent {
			return code, Diagnosis{Verdict: JustUsed}
		}
		return code, Diagnosis{Verdict: Match}
	}
	key, err := totp.Decode(f.Key.Reveal())
	if err != nil { // not a key that we can compute with: let the pool judge
		return code, Diagnosis{Verdict: Match}
	}
	distance, found := totp.Find(key, code, step, searched)
	switch {
	case found && distance >= -window && distance <= window:
		if spent {
			return code, Diagnosis{Verdict: JustUsed}
		}
		return code, Diagnosis{Verdict: Match}
	case spent: // at sign-in, so it came from the app that is to be replaced
		return code, Diagnosis{Verdict: EarlierEntry}
	case ofAnEarlierKey(f.Earlier, code, step):
		return code, Diagnosis{Verdict: EarlierEntry}
	case found:
		return code, clockOff(int64(distance))
	}
	if distance, found := findZone(key, code, step); found {
		return code, clockOff(distance)
	}
	return code, Diagnosis{Verdict: NoMatch}
}

// diagnoseAt is diagnose while signing in, where the code may also be one that was texted or mailed.
func diagnoseAt(f Flow, typed string, now time.Time) (string, Diagnosis) {
	if f.Method == MethodApp {
		return diagnose(f, typed, now)
	}
	digits, ok := readDigits(typed, maxSentDigits)
	if !ok || len(digits) < minSentDigits {
		return "", Diagnosis{Verdict: NotSixDigits}
	}
	return digits, Diagnosis{Verdict: Match}
}

// Cognito texts six digits and mails six or eight; others may send a few more or less.
const minSentDigits, maxSentDigits = 4, 12

// ReadCode reads six digits out of what a person may type or paste: digits of any script, spaces, dashes and
// invisible marks anywhere.
func ReadCode(typed string) (string, bool) {
	digits, ok := readDigits(typed, totp.Digits)
	return digits, ok && len(digits) == totp.Digits
}

func readDigits(typed string, most int) (string, bool) {
	var digits strings.Builder
	for _, r := range typed {
		switch {
		case unicode.Is(unicode.Nd, r):
			digits.WriteByte('0' + digitValue(r))
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r):
		default:
			return "", false
		}
		if digits.Len() > most {
			return "", false
		}
	}
	return digits.String(), true
}

// digitValue is the value of a decimal digit of any script. Unicode keeps the digits of a script together, in order
// from zero, and its table of them (Nd) in ranges of whole tens.
func digitValue(r rune) byte {
	for _, digits := range unicode.Nd.R16 {
		if r >= rune(digits.Lo) && r <= rune(digits.Hi) {
			return byte((r - rune(digits.Lo)) % 10)
		}
	}
	for _, digits := range unicode.Nd.R32 {
		if r >= rune(digits.Lo) && r <= rune(digits.Hi) {
			return byte((r - rune(digits.Lo)) % 10)
		}
	}
	return 0
}

func ofAnEarlierKey(earlier []secret.Text, code string, step int64) bool {
	for _, text := range earlier {
		key, err := totp.Decode(text.Reveal())
		if err != nil {
			continue
		}
		if _, found := totp.Find(key, code, step, window+1); found {
			return true
		}
	}
	return false
}

// findZone looks near every half hour of the world's time zones.
func findZone(key []byte, code string, step int64) (distance int64, found bool) {
	centers := make([]int64, 0, 56)
	for zone := int64(1); zone <= 28; zone++ {
		centers = append(centers, step-zone*halfHour, step+zone*halfHour)
	}
	match, found := totp.FindAround(key, code, zoned, centers...)
	if !found {
		return 0, false
	}
	return match - step, true
}

func clockOff(distance int64) Diagnosis {
	verdict := ClockFast
	if distance < 0 {
		verdict, distance = ClockSlow, -distance
	}
	off := (time.Duration(distance) * totp.Period).Round(time.Minute)
	return Diagnosis{Verdict: verdict, Off: max(off, time.Minute)}
}
