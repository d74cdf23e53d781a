package enroll

import (
	"crypto/rand"
	"time"

	"cognito-enroll/internal/secret"
)

// Step is where a flow stands.
type Step uint8

// The steps, in the order in which most people meet them.
//
// They are numbers in people's cookies: a new one is added at the end.
const (
	StepSignIn      Step = iota // user name and password
	StepNewPassword             // replace a temporary password
	StepCode                    // the code of a second factor that is set up
	StepReview                  // signed in: what is set up; begin here
	StepScan                    // the QR code is on the page; the first code is awaited
	StepFinish                  // verified; one last call to the pool is left
	StepDone                    // set up
	StepChoose                  // which of several second factors
	StepReset                   // a code was sent to set a new password with
	stepEnd
)

// Steps is every step.
func Steps() []Step {
	steps := make([]Step, 0, stepEnd)
	for step := range stepEnd {
		steps = append(steps, step)
	}
	return steps
}

// Notice is what the next page says of what was just done.
type Notice uint8

// The notices. They are numbers in people's cookies: a new one is added at the end.
const (
	NoNotice             Notice = iota
	NoticeFresh                 // sign in again before changing anything
	NoticePasswordSet           // the new password counts from now on
	NoticeConfirmed             // the account is confirmed
	NoticeSignedOut             // signed out everywhere
	NoticeRemoved               // the app is switched off
	NoticePreferred             // another method is preferred
	NoticeEnded                 // the visit that the browser remembers was ended
	NoticeReplace               // an app is set up: sign in before it is replaced
	NoticeArrived               // the flow came from another screen
	NoticeMoved                 // the flow went on on another screen
	NoticeLink                  // a link of the help desk is open: sign in to the account that it is for
	NoticePasswordUnsure        // the answer to a new password was lost: it may count
	NoticeSentAgain             // another code is on its way
	noticeEnd
)

// String is the notice's name in message keys.
func (n Notice) String() string {
	switch n {
	case NoNotice, noticeEnd:
	case NoticeFresh:
		return "fresh"
	case NoticePasswordSet:
		return "password_set"
	case NoticeConfirmed:
		return "confirmed"
	case NoticeSignedOut:
		return "signed_out"
	case NoticeRemoved:
		return "removed"
	case NoticePreferred:
		return "preferred"
	case NoticeReplace:
		return "replace"
	case NoticeEnded:
		return "ended"
	case NoticeArrived:
		return "arrived"
	case NoticeMoved:
		return "moved"
	case NoticeLink:
		return "link"
	case NoticePasswordUnsure:
		return "password_unsure"
	case NoticeSentAgain:
		return "sent_again"
	}
	return ""
}

// Flow is one account's way through the portal. The zero value is its beginning. It has everything that any node
// needs to go on with any request; MarshalBinary and UnmarshalBinary (wire.go) carry it in a cookie.
type Flow struct {
	ID        ID        // of this sign-in; a flow that was ended is refused by it
	Began     time.Time // when it began; see Over
	Touched   time.Time // when its last form was sent; see Idle
	Step      Step
	Username  string    // as typed at sign-in; shown to the person and in the app
	Account   string    // the account's own, unchanging name; known once the password was right
	Authority Authority // what authorizes the next calls; dropped when done
	Until     time.Time // when Authority ends
	Grant     ID        // under which the refresh token is kept until the sign-in is left; see Vault
	Notice    Notice
	ReturnTo  string // key of where to go on afterwards
	Held      string // the help desk's link that this browser has opened, in the desk's own words; "": none
	Elsewhere bool   // signed in at Cognito's pages or in another application: the portal saw no password
	Word      Word   // with which it can go on on another screen; see swap.go

	Method      Method    // StepCode: what is asked for; StepReview: what is preferred
	Methods     []Method  // StepChoose: what is offered; StepReview: what the account has
	Destination string    // StepCode: where the code was sent, masked
	Attributes  []string  // StepNewPassword: what else the pool wants to know
	SignedInAt  time.Time // when the person proved who he is
	Looked      bool      // StepReview: Methods, Method and Prefers are known
	Prefers     bool      // StepReview: some method is preferred

	HasApp     bool        // an app was already set up at sign-in
	ByApp      bool        // its code was given to sign in: proof enough to replace or remove it
	Key        secret.Text // base32: the pending key; dropped when done
	KeyMade    time.Time
	Earlier    []secret.Text // keys of this account's set-ups that were begun and not finished, newest first
	DeviceName string        // what the person calls the phone
	Verified   bool          // the pool has verified Key, its preference is not yet set
	Unsure     bool          // the answer to Verify was lost: the app may be set up
	Spent      Spent         // the last code that the pool accepted, or may have

	DoneAt   time.Time // when the app was set up
	Trying   bool      // signing in once more, to try the app
	ProvenAt time.Time // when that succeeded

	newer newer // kept, so that a roll-back loses nothing; whatever makes another Flow of this one hands it on
}

// ID is a random number that names one sign-in. The zero ID is of a flow that nobody has signed in to.
type ID [16]byte

func newID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // never fails (crypto/rand, since Go 1.24)
	return id
}

// Spent is a code that the pool has accepted and will refuse from now on.
type Spent struct {
	Code secret.Text
	At   time.Time
}

// maxEarlier is how many unfinished keys are remembered: enough to recognize the entry that somebody scanned before
// time ran out, few enough for the cookie.
const maxEarlier = 2

// At is the step at a moment: an authority that has ended leads back to signing in.
func (f Flow) At(now time.Time) Step {
	if f.Expired(now) {
		return StepSignIn
	}
	return f.Step
}

// Expired reports whether the flow's time has run out before it was done.
func (f Flow) Expired(now time.Time) bool {
	switch f.Step {
	case StepNewPassword, StepCode, StepReview, StepScan, StepChoose:
		return !now.Before(f.Until) || f.Idle(now)
	case StepSignIn, StepFinish, StepDone, StepReset, stepEnd: // in StepFinish what is left is worth trying at any time
		return false
	}
	return true
}

// longest is how long anything can be done in a flow, whatever its authority would allow. For a while after that it is
// only remembered, so that somebody whose time ran out is told which entry to delete.
const (
	longest    = 30 * time.Minute
	remembered = 10 * time.Minute
)

// Idle reports whether the review page was left alone for so long that anything on it needs a new sign-in anyway. It ends
// there: a browser that somebody walked away from neither looks up nor moves what he signed in for. No other page ends
// before its authority does.
func (f Flow) Idle(now time.Time) bool {
	return f.Step == StepReview && !f.Authority.AccessToken.IsZero() && !f.Touched.IsZero() && now.Sub(f.Touched) > freshFor
}

// Over reports whether the flow is older than any may be.
func (f Flow) Over(now time.Time) bool {
	return !f.Began.IsZero() && now.Sub(f.Began) > longest+remembered
}

// until is when an authority ends that would last to its own end.
func (f Flow) until(end time.Time) time.Time {
	if limit := f.Began.Add(longest); !f.Began.IsZero() && end.After(limit) {
		return limit
	}
	return end
}

// DeadEntry tells when the entry was made that a person may have scanned but that will never work, because its
// set-up was not finished in time. It is for StepSignIn.
func (f Flow) DeadEntry() (made time.Time, exists bool) {
	return f.KeyMade, !f.Key.IsZero() && !f.Verified && !f.Unsure
}

// begin is a new flow of username that remembers what the same person's last one knew of the account.
func (f Flow) begin(username string, now time.Time) Flow {
	if f.Username != username {
		return Flow{ID: newID(), Began: now, Username: username, ReturnTo: f.ReturnTo, Held: f.Held, newer: f.newer}
	}
	if f.Trying {
		f.ID, f.Began, f.Notice = newID(), now, NoNotice
		return f
	}
	next := Flow{
		ID: newID(), Began: now, Username: username, ReturnTo: f.ReturnTo, Held: f.Held, Earlier: f.Earlier, DeviceName: f.DeviceName,
		Verified: f.Verified, newer: f.newer,
	}
	if !f.Verified {
		next.Earlier = f.shelve().Earlier
	}
	if now.Sub(f.Spent.At) < spentFor {
		next.Spent = f.Spent
	}
	return next
}

// shelve puts a pending key away among those that were not finished.
func (f Flow) shelve() Flow {
	if !f.Key.IsZero() {
		f.Earlier = append([]secret.Text{f.Key}, f.Earlier...)
		f.Earlier = f.Earlier[:min(len(f.Earlier), maxEarlier)]
		f.Key, f.KeyMade = secret.Text{}, time.Time{}
	}
	return f
}

// done drops every secret that the set-up needed; what is left describes it.
func (f Flow) done(now time.Time) Flow {
	return Flow{
		ID: newID(), Began: now, Step: StepDone, Username: f.Username, Account: f.Account, ReturnTo: f.ReturnTo, Held: f.Held, Elsewhere: f.Elsewhere, DeviceName: f.DeviceName, HasApp: f.HasApp,
		Spent: f.Spent, DoneAt: now, newer: f.newer,
	}
}

// proven is done, after a real sign-in with the app.
func (f Flow) proven(now time.Time) Flow {
	next := f.done(now)
	next.DoneAt, next.ProvenAt = f.DoneAt, now
	return next
}

// orStartAgain is orSignInAgain for answers to challenges: one after which the pool asked for more has spent its session.
func (f Flow) orStartAgain(err error) Flow {
	if !askedForMore(err) {
		return f.orSignInAgain(err)
	}
	f.Step, f.Authority, f.Until, f.Notice = StepSignIn, Authority{}, time.Time{}, NoNotice
	return f
}

// orSignInAgain sends the flow back to signing in when err says that its authority has ended. The key stays, so that
// the sign-in page can name the dead entry and a code of it is recognized later.
func (f Flow) orSignInAgain(err error) Flow {
	if !authorityEnded(err) {
		return f
	}
	f.Verified = f.Verified || f.Step == StepFinish
	f.Step, f.Authority, f.Until, f.Notice = StepSignIn, Authority{}, time.Time{}, NoNotice
	return f
}
