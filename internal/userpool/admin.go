package userpool

// userPool finds the pool that an admin operation names.
func (c *call) userPool() (*userPool, error) {
	id := c.input.text("UserPoolId")
	up := c.p.pools[id]
	if up == nil {
		return nil, resourceNotFound("User pool " + id + " does not exist.")
	}
	return up, nil
}

// adminUser finds the user that an admin operation names: by username, alias or sub. Admin operations always tell
// that a user does not exist.
func (c *call) adminUser() (*user, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	u := up.findAdmin(c.input.text("Username"))
	if u == nil {
		return nil, userNotFound(noSuchUser)
	}
	return u, nil
}

// onUser makes an operation that finds its user and does one thing to it.
func onUser(do func(c *call, u *user) (object, error)) func(*call) (object, error) {
	return func(c *call) (object, error) {
		u, err := c.adminUser()
		if err != nil {
			return nil, err
		}
		return do(c, u)
	}
}

// describe is a user as the Admin operations and ListUsers show one; the name of the attribute list differs.
func (u *user) describe(attributes string, names []string) object {
	return object{
		"Username": u.name, attributes: u.attributeList(names), "UserStatus": u.status, "Enabled": !u.disabled,
		"UserCreateDate": epoch(u.created), "UserLastModifiedDate": epoch(u.modified),
	}
}

// attributesOf reads a list of attributes. The service keeps sub and the like to itself.
func attributesOf(list []object, admin bool) ([]attribute, error) {
	all := make([]attribute, 0, len(list))
	for _, item := range list {
		a := attribute{item.text("Name"), item.text("Value")}
		switch {
		case a.name == "sub":
			return nil, invalidParameter("Cannot modify the non-mutable attribute sub")
		case !admin && (a.name == "email_verified" || a.name == "phone_number_verified"):
			return nil, notAuthorized("A client attempted to write unauthorized attribute")
		case a.name == "email" && a.value != "" && !isEmail(a.value):
			return nil, invalidParameter("Invalid email address format.")
		case a.name == "phone_number" && a.value != "" && !isPhone(a.value):
			return nil, invalidParameter("Invalid phone number format.")
		}
		all = append(all, a)
	}
	return all, nil
}
