package sweeptest

// Class is a kind of secret.
type Class string

// The eight classes of the threat model, but that a link and its piece are two: one may be where the other may not.
const (
	Key       Class = "key of an app"
	Token     Class = "token"
	Session   Class = "session of the pool"
	Password  Class = "password"
	Code      Class = "code"
	Link      Class = "link"
	Piece     Class = "piece of a link"
	PortalKey Class = "key of the portal"
	Cookie    Class = "cookie or form token"
)

// Classes are all of them.
func Classes() []Class {
	return []Class{Key, Token, Session, Password, Code, Link, Piece, PortalKey, Cookie}
}
