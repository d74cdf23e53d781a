package userpool

// adminUpdateUserAttributes sets attributes, the verified flags among them.
func adminUpdateUserAttributes(c *call, u *user) (object, error) {
	attributes, err := attributesOf(c.input.list("UserAttributes"), true)
	if err != nil {
		return nil, err
	}
	if err := u.mayTake(attributes); err != nil {
		return nil, err
	}
	for _, a := range attributes {
		u.setAttribute(a.name, a.value)
	}
	u.modified = c.now
	return object{}, nil
}

// mayTake refuses a sign-in attribute that another user holds.
func (u *user) mayTake(attributes []attribute) error {
	for _, a := range attributes {
		if holder := u.pool.aliases[aliasKey(a.name, a.value)]; holder != nil && holder != u {
			return aliasExists("An account with the given " + a.name + " already exists.")
		}
	}
	return nil
}
