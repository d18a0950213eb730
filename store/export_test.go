package store

// ClassOf names a class as somebody would who alters the database and knows how.
var ClassOf = classOf

// Alone tells whether the next commit expects to find the log as the last one of this process left it. Nobody may commit meanwhile.
func Alone(s *Store) bool { return s.left.alone }
