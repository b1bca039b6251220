"""Names of instances: unique for a branch, a profile, a binding and a flow (design section 5)."""

from __future__ import annotations

import hashlib
import re

from .model import Git, Key, Profile, Project


def instance_name(project: Project, key: Key, git: Git, user: str) -> str:
    """``<project>.<scope>.<binding>.<flow>``."""
    return f"{project.name}.{scope(project, project.profiles[key.profile], git, user)}.{key.binding}.{key.flow}"


def scope(project: Project, profile: Profile, git: Git, user: str) -> str:
    """The part of a name that keeps two people apart: the profile in production, else the branch."""
    if profile.production:
        return profile.name
    branch = branch_slug(git, user)
    return branch if profile.name == project.default_profile else f"{profile.name}.{branch}"


def branch_slug(git: Git, user: str) -> str:
    """``branch_<name>``; a name that had to be changed gets four digits of a digest, so that it stays unique.

    A detached checkout goes by its commit, a folder outside git by the user.
    """
    if git.branch:
        return f"branch_{slug(git.branch)}"
    if git.commit:
        return f"commit_{git.commit[:8]}"
    return f"user_{slug(user)}"


def slug(text: str) -> str:
    """Letters, digits and underscores only; different texts stay different."""
    clean = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")
    if clean == text:
        return clean
    return f"{clean[:40]}_{hashlib.sha256(text.encode()).hexdigest()[:4]}"


_LIMITS = {"step-functions": 80, "argo-workflows": 45}
"""AWS allows 80 characters of a state machine; Metaflow 2.19 keeps to 45 on Argo."""


def deployed_name(name: str, orchestrator: str) -> str:
    """The name that an orchestrator takes for the full name of an instance.

    A name that must be shortened or changed gets eight digits of a digest at its end, so that two full names never
    become one.
    """
    legal = name
    if orchestrator == "argo-workflows":
        legal = re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-.")
    limit = _LIMITS[orchestrator]
    if legal == name and len(name) <= limit:
        return name
    return f"{legal[: limit - 9].rstrip('-.')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
