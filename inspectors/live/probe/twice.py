"""The second import in one interpreter: which objects are new, which are the same."""

from .objects import compare


def twice(target):
    """Import, import again, compare object by object, and use both."""
    target.channel.stage("second import")
    second = target.again()
    target.channel.stage("compare")
    answer = compare(target.objects(target.first), target.objects(second))
    answer["same_module"] = second is target.first
    answer.update(target.identity)
    target.channel.stage("use")
    target.use(second)
    target.use(target.first)
    return answer
