// Package views turns page models into HTML.
//
// A page is one component in the file named like its URL; it takes one model, shaped like the page, and cannot ask,
// fail or decide anything. The part of a page that htmx swaps is its templ.Fragment called [Step]. Texts come from
// the Printer in the model.
package views

import (
	"time"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/i18n"
)

// The fragments of a page that htmx gets when a form is answered: the form, whose element has the same id, and the
// title of the document, which says that something was wrong.
const (
	Step  = "step"
	Title = "title"
)

// Page is what every page has.
type Page struct {
	P       *i18n.Printer
	Title   string // of the document; "Error: …" when a form came back
	Brand   *brand.Brand
	Account string // whose flow it is; "" before sign-in
	Assets  Assets
	Flow    string        // binds the page's forms to its sign-in; "" before there is one
	Demo    []DemoAccount // nil unless this is the demo
	HasDesk bool          // agents have pages
	Desk    *Desk         // of a page for agents
	Refresh time.Duration // after which a browser without script asks again; 0: never
}

// Assets are the URLs of what a page loads.
type Assets struct{ CSS, Script, Icon string }

// DemoAccount is a row of the demo banner.
type DemoAccount struct{ Username, Password, State, Key string }

// Prepare is the page /prepare: get an app before the clock runs.
type Prepare struct {
	Page
	Apps    []brand.App
	Minutes int    // how long each step may take once one has signed in
	Next    string // where to go on
}

// Languages is the page /languages.
type Languages struct {
	Page
	All  []i18n.Language
	Back string // the page that remembers the choice
}

// Notice is why a page is shown, or what was just done.
type Notice struct {
	Tone string // ok for good news, warn for what is to be done, "" for the rest
	Text i18n.Rich
}

// SignIn is the page /sign-in.
type SignIn struct {
	Page
	Username string
	Minutes  int // how long each step may take
	Trying   bool
	ReturnTo string // key, handed on by the form
	OAuth    bool   // one may sign in at Cognito's own pages
	Password bool   // one may sign in here
	Notices  []Notice
	Error    i18n.Rich
	Link     bool // a link of the help desk is open in this browser
}

// Link is the page of a help desk's link: it looks the same for every address.
type Link struct {
	Page
	Action string
	Failed bool // it was not opened
	ByName bool // the account's name opens some links: the page is the same for all
}

// NotMe is the page for whoever did not ask for a link.
type NotMe struct {
	Page
	Action string
	Failed bool // the button was pressed without the tick
	Done   bool
}

// NewPassword is the page /new-password.
type NewPassword struct {
	Page
	Rules      []Rule
	Attributes []Attribute
	Error      i18n.Rich
}

// Attribute is something else that the pool wants to know.
type Attribute struct{ Name, Label, Value string }

// Rule is one demand of the password policy.
type Rule struct {
	Text    string
	Missing bool // the password that was just typed does not meet it
}

// Challenge is the page /challenge: the code of a second factor.
type Challenge struct {
	Page
	Method string // app, sms or email
	Sent   string // where the code was sent, masked; "" for the app
	Device string
	Wait   time.Duration // until the app shows a code that was not used yet; 0 when it does
	Error  i18n.Rich
	Typed  string // stays in the field, see CodeError
}

// Choose is the page /choose: which second factor.
type Choose struct {
	Page
	Methods []Method
}

// Method is a second factor that can be chosen.
type Method struct {
	Name, Label string
	Preferred   bool
}

// Review is the page /authenticator.
type Review struct {
	Page
	HasApp    bool
	Device    string
	Since     time.Time // when it was set up or last tried, by our record; zero when that is not known
	Notice    i18n.Rich
	SignedIn  bool // with an access token, which looking up and signing out everywhere need
	Looked    bool // Methods are known
	Methods   []Method
	MayRemove bool
}

// Forgot is the page /forgot-password.
type Forgot struct {
	Page
	Username string
	Error    i18n.Rich
}

// Line is the page /line: somebody waits for his turn to sign in, or is asked to take a place.
type Line struct {
	Page
	ReturnTo string        // key, handed on by the form
	People   int           // up to his turn, himself among them; 0: he has no place yet
	Wait     string        // until it, about
	Every    time.Duration // how often the page asks
}

// Reset is the page /reset-password.
type Reset struct {
	Page
	Username string
	Rules    []Rule
	Notice   i18n.Rich
	Error    i18n.Rich
}

// Confirm is the page /confirm.
type Confirm struct {
	Page
	Username string
	Notice   i18n.Rich
	Error    i18n.Rich
}

// SetUp is the page /set-up while the QR code is on it.
type SetUp struct {
	Page
	Entry     string   // how the app lists the account
	Key       []string // in groups of four
	URI       string   // otpauth, built by internal/totp
	AppleURI  string   // the same for Apple's Passwords; "" when the device is not one of Apple's
	QRModules int      // width of the picture in modules
	QRPixels  int      // and in pixels: a whole number for each module
	Until     time.Time
	Left      time.Duration
	CodeAge   time.Duration // how long the present code has been shown
	Apps      []brand.App
	Device    string
	Error     CodeError
}

// Key is the page /set-up/key: the key in large print, spelt out.
type Key struct {
	Page
	Key   []string // in groups of four
	Until time.Time
	Left  time.Duration
}

// CodeError is why a code was not accepted, and what to do about it. The zero one is no error.
type CodeError struct {
	Texts    []i18n.Rich
	OffClock bool // the phone's clock is off: say where to set it right
	Again    bool // the key may count no more: offer another one
	// Typed stays in the field: what is not six digits yet. Six that were refused never come right, and make room.
	Typed string
}

// Finish is the page /set-up when only the last call to the pool is left.
type Finish struct{ Page }

// Done is the page /done.
type Done struct {
	Page
	Device   string
	At       time.Time
	Replaced bool
	ProvenAt time.Time
	MayTry   bool
	Return   Action // where to go on; zero for nowhere
}

// Handoff is the page of an address that another application sent its user to.
type Handoff struct {
	Page
	Action string
	For    string // whose set-up it is; "" when the address does not tell
}

// Swap is the page /swap: the word with which the flow goes on on another screen, and what became of it.
type Swap struct {
	Page
	State     SwapState
	Word      string // in two halves
	Spelt     string // its letters one by one, for those who hear it
	Address   string // to open on the other screen
	QRModules int    // width of its picture in modules
	QRPixels  int    // and in pixels
	Until     time.Time
	Left      time.Duration
	Return    Action // where to go on when all is done; zero for nowhere
}

// SwapState is what became of a word: part of message keys, and of the address at which the page asks again.
type SwapState string

// The states.
const (
	SwapWaiting SwapState = "waiting" // nobody has typed it yet
	SwapOver    SwapState = "over"    // nobody has, and it is too late
	SwapMoved   SwapState = "moved"   // the flow goes on on the other screen
	SwapDone    SwapState = "done"    // and the app is set up
)

// Continue is the page /continue, which asks for the word.
type Continue struct {
	Page
	Typed string
	Error i18n.Rich
}

// Arrived is the page /continue after the word was right: whose flow goes on here.
type Arrived struct{ Page }

// Problem is what a person sees when a step cannot go on.
type Problem struct {
	Page
	Heading   string
	Body      i18n.Rich
	Action    Action
	RequestID string
}

// Action is the way on from a problem.
type Action struct{ Text, Href string }
