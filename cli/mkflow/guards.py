"""What a production profile refuses, each with the option that allows it."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from metaflow_extensions.mkflow.compose.errors import Problem, Refused
from metaflow_extensions.mkflow.compose.model import Instance

from .session import Session


def refuse_production(session: Session, instances: Iterable[Instance], allow_dirty: bool, allow_branch: bool) -> None:
    """Refuse a dirty tree and a wrong branch.

    Raises:
        Refused: with every guard that says no.
    """
    git = session.facts.git
    problems = []
    for name in dict.fromkeys(instance.key.profile for instance in instances if instance.production):
        profile = session.project.profiles[name]
        if git.dirty and not allow_dirty:
            problems.append(Problem(f"'{name}' is a production profile and the working tree has changes", hint="git commit, or --allow-dirty"))
        if profile.branches and not allow_branch and not any(fnmatchcase(git.branch, glob) for glob in profile.branches):
            summary = f"'{name}' is deployed from {' or '.join(profile.branches)}, this is the branch '{git.branch or 'none'}'"
            problems.append(Problem(summary, hint=f"git switch {profile.branches[0]}, or --allow-branch"))
    if problems:
        raise Refused(*problems)
