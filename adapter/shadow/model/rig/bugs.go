package rig

import "slices"

// Bugs returns the bugs that the checker has to find.
func Bugs() []Bug {
	return slices.Concat(costBugs(), boostBugs(), writeBugs(), ownerBugs(), labelBugs(), grantBugs(), readBugs(), holdBugs(), poolBugs(), leftBugs(), publishedBugs())
}

// sceneOf returns one of Scenes.
func sceneOf(name string) Scene {
	all := Scenes()
	return all[slices.IndexFunc(all, func(s Scene) bool { return s.Name == name })]
}

// raise is the story of most bugs.
func raise() Scene { return sceneOf("a raise") }
