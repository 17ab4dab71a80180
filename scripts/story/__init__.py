"""The demo's story, a module a part: place, cast, scene, telling, notes, witness, facts, reckoning, screen."""

from __future__ import annotations
