package sweeptest

// Class is a kind of secret.
type Class string

// The eight classes.
const (
	Key       Class = "key of an app"
	Token     Class = "token"
	Session   Class = "session of the pool"
	Password  Class = "password"
	Code      Class = "code"
	Link      Class = "link or its piece"
	PortalKey Class = "key of the portal"
	Cookie    Class = "cookie or form token"
)

// Classes are all eight.
func Classes() []Class {
	return []Class{Key, Token, Session, Password, Code, Link, PortalKey, Cookie}
}
