"""Python that runs and does nothing: a condition that is written and never waited for leaves a scenario that cannot fail."""

import ast

from sources import relative, tracked


def _modules():
    for path in tracked():
        if path.suffix == ".py":
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def _is_named(tree, name):
    return any(isinstance(node, ast.Name) and node.id == name or isinstance(node, ast.arg) and node.arg == name
               or isinstance(node, ast.Constant) and node.value == name for node in ast.walk(tree))


def _inner(function):
    """Functions that it makes itself, but for methods and those that a decorator gets."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            yield node
        elif not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)


def inner_functions_are_used():
    return [f"{relative(path)}:{inner.lineno}: {inner.name} is used nowhere"
            for path, tree in _modules() for function in ast.walk(tree) if isinstance(function, ast.FunctionDef)
            for inner in _inner(function) if not _is_named(function, inner.name)]


def _fixtures(trees):
    """Names that pytest looks up, not Python: also as an import that nothing else uses."""
    for tree in trees:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and any("fixture" in ast.dump(d) for d in function.decorator_list):
                yield function.name


def imports_are_used():
    modules = list(_modules())
    fixtures = set(_fixtures(tree for _, tree in modules))
    wrong = []
    for path, tree in modules:
        for node in ast.walk(tree):
            for alias in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
                name = (alias.asname or alias.name).split(".")[0]
                if name not in fixtures and not _is_named(tree, name):
                    wrong.append(f"{relative(path)}:{node.lineno}: {name} is imported and used nowhere")
    return wrong


CHECKS = [
    ("functions within functions are used", inner_functions_are_used),
    ("imports of Python are used", imports_are_used),
]
