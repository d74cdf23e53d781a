package helpdesk

import (
	"context"
	"time"

	"cognito-enroll/internal/secret"
)

// Notifier writes to people. It answers nil when the notice is on its way or safely queued; the same ID twice is the
// same notice.
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
	NotMe    secret.Text // for the address of the page "this was not me": see Freeze
}
