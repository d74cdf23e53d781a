package userpool

// adminDeleteUserAttributes removes attributes.
func adminDeleteUserAttributes(c *call, u *user) (object, error) {
	return object{}, c.deleteAttributes(u, c.input.texts("UserAttributeNames"))
}

func (c *call) deleteAttributes(u *user, names []string) error {
	for _, name := range names {
		if name == "sub" {
			return invalidParameter("Cannot modify the non-mutable attribute sub")
		}
	}
	for _, name := range names {
		u.setAttribute(name, "")
		if name == "email" || name == "phone_number" {
			u.setAttribute(name+"_verified", "")
		}
	}
	u.modified = c.now
	return nil
}
