package views

import (
	"time"

	"cognito-enroll/internal/i18n"
)

// Desk is what the pages for agents have around them.
type Desk struct {
	CSS    string
	Agent  string // who is signed in; "" before
	Places []Place
}

// Place is an entry of the desk's menu.
type Place struct {
	Text, Href string
	Here       bool
}

// DeskSignIn is the page /desk/sign-in: name and password, then the app's code.
type DeskSignIn struct {
	Page
	Username string
	To       string // where to go on
	Again    bool   // somebody is signed in, and has to show that he is still there
	Code     bool
	Error    i18n.Rich
}

// DeskHome is the page /desk.
type DeskHome struct {
	Page
	Sought  string
	Nothing bool // nothing was found
	Found   []DeskAccount
	Links   []DeskLink
	Older   string // where older links are; "" when there are none
}

// DeskAccount is an account in a line.
type DeskAccount struct {
	Path, Username, Name, Email, Status string
	Enabled                             bool
}

// Shown is what an account is called.
func (a DeskAccount) Shown() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Username
}

// DeskLink is a link in a list.
type DeskLink struct {
	Href, Account, AccountHref, Ticket, By string
	State, Tone                            string
	Ends                                   string // "" when it is over
	At                                     time.Time
}

// DeskCase is an account's page.
type DeskCase struct {
	Page
	Account DeskAccount
	Pills   []Pill
	Facts   []Fact
	Actions []DeskAction
	Links   []DeskLink
	Resets  []DeskReset
	Ledger  []DeskEvent

	Trail     []DeskDeed
	TrailHref string
}

// DeskTrail is all that was done to an account.
type DeskTrail struct {
	Page
	Account DeskAccount
	Deeds   []DeskDeed
	Older   string
}

// DeskDeed is one act and what came of it, in the words of the audit trail.
type DeskDeed struct {
	At                               time.Time
	By, Action, Detail, Result, Tone string
}

// Pill is a state in a word or two.
type Pill struct{ Text, Tone string }

// Fact is a line about an account: what the pool has, a text of ours, a time.
type Fact struct {
	Term, Data, Text string
	At               time.Time
}

// DeskAction is a button, or why there is none.
type DeskAction struct {
	Text, Href, Why string
	Quiet           bool
}

// DeskReset is a reset in a list.
type DeskReset struct {
	At               time.Time
	Ticket, By, Href string
	Done             bool
}

// DeskEvent is an entry of the ledger.
type DeskEvent struct {
	At               time.Time
	Text, By, Detail string
}

// DeskForm is the form for a link ("mint"), a lost phone ("lost_phone"), or to ask for a second person ("ask").
type DeskForm struct {
	Page
	Kind      string
	Account   DeskAccount
	Action    string
	Operation string // with "ask": what for
	Waiting   string // a second person has not answered yet: there is no form
	Typed     map[string]string
	Lifetimes []Option
	Languages []Option
	Field     string // that was not accepted
	Error     i18n.Rich
}

// Option is a choice of a menu.
type Option struct {
	Value, Text string
	Lang        string // of Text, if it is not the page's
	Chosen      bool
}

// DeskWatch is a link's page while its caller is on the phone.
type DeskWatch struct {
	Page
	Path                string
	Link                DeskLink
	Reason, Proof       string
	Seen                string // names what is shown
	Steps               []DeskStep
	Usable              bool
	Address             string // for who has made the link
	QRModules, QRPixels int
	Piece               string // for who has issued it
	PieceEnds           time.Time
	PieceHeard          bool
	ByName              bool // it opens with the account's name
	TriesLeft           int
	Wrong               bool // a wrong piece was tried
	MayMail, Mailed     bool
}

// DeskStep is something that has happened with a link.
type DeskStep struct {
	At   time.Time
	Text i18n.Rich
	Tone string
}

// DeskLost is how a reset stands.
type DeskLost struct {
	Page
	Account     DeskAccount
	Action, ID  string
	Done        bool
	Ticket, By  string
	Link        string // "" while there is none
	Parts       []DeskPart
	TokensUntil time.Time
}

// DeskPart is what came of a part of a reset.
type DeskPart struct {
	Text, Result, Tone string
	At                 time.Time
}

// DeskApprovals is the page /desk/approvals.
type DeskApprovals struct {
	Page
	Rows []DeskApproval
}

// DeskApproval is a request for a second person, and how it stands.
type DeskApproval struct {
	Action, Account, AccountHref, What    string
	Ticket, Reason, Proof, By, ApprovedBy string
	At                                    time.Time
	Own, Approved, May                    bool
	Ready                                 string // until it may be used; "" when it may
	Href                                  string // where it is used
}

// DeskCoverage is the page /desk/coverage.
type DeskCoverage struct {
	Page
	SweptAt             time.Time
	Columns             []string
	Rows                []DeskCovered
	MaySweep, MayExport bool
}

// DeskCovered is a group's figures.
type DeskCovered struct {
	Group    string // "" is everybody
	Deadline time.Time
	Counts   []string
}

// DeskAudit is the page /desk/audit.
type DeskAudit struct {
	Page
	Checked   string // the last entry of a chain that holds; "" when it was not looked at
	Broken    string // the first entry that is not as it was written
	Rows      []DeskEntry
	Older     string
	MayExport bool
}

// DeskEntry is an entry of the audit trail.
type DeskEntry struct {
	Seq                                  string
	At                                   time.Time
	Actor, Action, Target, Stage, Detail string
}
