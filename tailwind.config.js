// Utilities are made only for class names written out in a view. A name glued together ("bg-" + tone) is not found.
module.exports = {
  content: ["./views/**/*.templ"],
};
