package helpdesk

import (
	"context"
	"errors"
	"time"

	"cognito-enroll/internal/secret"
)

// Notifier writes to people. It answers nil when the notice is on its way or safely queued; the same ID twice is the
// same notice. [ErrNoSuchChannel] for a channel that it does not serve.
type Notifier interface {
	Notify(ctx context.Context, notice Notice) error
}

// NoticeKind says what a notice is about.
type NoticeKind string

// The kinds.
const (
	NoticeLink  NoticeKind = "link"   // the link itself, without its piece: mail only
	NoticeReset NoticeKind = "reset"  // the app was reset
	NoticeSetUp NoticeKind = "set_up" // an app was set up with a link
)

// Via is a channel to a person.
type Via string

// The channels.
const (
	ViaEmail Via = "email"
	ViaSMS   Via = "sms"
)

// Notice is one message to one address that the pool has verified.
type Notice struct {
	ID       string
	Kind     NoticeKind
	Via      Via
	To       string // the verified address or number
	Name     string // of the person, or the account's name
	Language string
	At       time.Time
	Locator  secret.Text // NoticeLink: for the address /i/<locator>
	Until    time.Time   // NoticeLink: when the link expires
	ByName   bool        // NoticeLink: it opens with the account's name, not with spoken characters
	NotMe    secret.Text // for the address of the page "this was not me": see Freeze
}

// notice is what all notices about an account have.
func (d *Desk) notice(id string, kind NoticeKind, to Account, about Invite) Notice {
	name := to.Name
	if name == "" {
		name = to.Username
	}
	return Notice{
		ID: id, Kind: kind, Name: name, Language: about.Language, At: d.now(),
		NotMe: d.freezeToken(about.ID),
	}
}

func notSent(op string, err error) error {
	return &Error{Kind: NotSent, Op: "notice by " + op, Err: err}
}

// tell writes to somebody on every channel that the pool has verified, and answers on how many.
func (d *Desk) tell(ctx context.Context, id string, kind NoticeKind, to Account, about Invite) (int, error) {
	if d.notifier == nil {
		return 0, nil
	}
	told := 0
	for _, channel := range []struct {
		via      Via
		to       string
		verified bool
	}{{ViaEmail, to.Email, to.EmailVerified}, {ViaSMS, to.Phone, to.PhoneVerified}} {
		if channel.to == "" || !channel.verified {
			continue
		}
		notice := d.notice(id+"-"+string(channel.via), kind, to, about)
		notice.Via, notice.To = channel.via, channel.to
		switch err := d.notifier.Notify(ctx, notice); {
		case errors.Is(err, ErrNoSuchChannel):
		case err != nil:
			return told, notSent(string(channel.via), err)
		default:
			told++
		}
	}
	return told, nil
}
