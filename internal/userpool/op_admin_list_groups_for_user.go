package userpool

// adminListGroupsForUser lists the groups of one user, in the order in which the user joined them.
func adminListGroupsForUser(c *call, u *user) (object, error) {
	groups := make([]object, 0, len(u.groups))
	for _, name := range u.groups {
		if g := u.pool.groups[name]; g != nil {
			groups = append(groups, g.describe(u.pool))
		}
	}
	return c.page("Groups", groups, "Limit", "NextToken")
}
