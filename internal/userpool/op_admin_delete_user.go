package userpool

// adminDeleteUser deletes a user and all that belongs to them.
func adminDeleteUser(c *call, u *user) (object, error) {
	c.p.deleteUser(u)
	return object{}, nil
}

func (p *Pool) deleteUser(u *user) {
	u.pool.remove(u)
	p.signOut(u)
}
