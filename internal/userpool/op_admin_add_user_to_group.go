package userpool

import "slices"

// adminAddUserToGroup adds a member. Tokens issued before do not change.
func adminAddUserToGroup(c *call) (object, error) {
	_, g, err := c.group()
	if err != nil {
		return nil, err
	}
	u, err := c.adminUser()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(u.groups, g.name) {
		u.groups = append(slices.Clone(u.groups), g.name) // a token that is being signed may hold the old list
	}
	return object{}, nil
}
