namespace Tokenry.Chaos.Tests.Support;

/// <summary>What a door may say about a secret. Two flags at once: an answer was lost, so both are right.</summary>
[Flags]
internal enum Verdicts
{
    Valid = 1,
    Revoked = 2,
}

/// <summary>One secret of a key and what we were told about it.</summary>
internal sealed class WorkloadSecret(string token)
{
    public string Token => token;

    public Verdicts Allowed { get; set; } = Verdicts.Valid;

    public bool Allows(string code) =>
        code switch
        {
            "valid" => Allowed.HasFlag(Verdicts.Valid),
            "revoked" => Allowed.HasFlag(Verdicts.Revoked),
            _ => false,
        };
}

/// <summary>
/// The model of one key's life, as the contract tells it: a rotation with overlap leaves the previous secret alive, one without ends
/// it, any rotation ends the one before that, and a revocation ends them all. After an unknown outcome the key is left alone, because
/// the lost request may still arrive.
/// </summary>
internal sealed class WorkloadKey(string id, string token)
{
    private readonly List<WorkloadSecret> _secrets = [new(token)];

    public string Id => id;

    public IReadOnlyList<WorkloadSecret> Secrets => _secrets;

    public bool IsFinished { get; private set; }

    public void RotationAcknowledged(string newToken, bool overlap)
    {
        foreach (var older in _secrets.SkipLast(1))
            older.Allowed = Verdicts.Revoked;
        _secrets[^1].Allowed = overlap ? Verdicts.Valid : Verdicts.Revoked;
        _secrets.Add(new WorkloadSecret(newToken));
    }

    public void RotationUnknown(bool overlap)
    {
        foreach (var older in overlap ? _secrets.SkipLast(1) : _secrets)
            older.Allowed |= Verdicts.Revoked;
        IsFinished = true;
    }

    public void RevocationAcknowledged()
    {
        foreach (var secret in _secrets)
            secret.Allowed = Verdicts.Revoked;
        IsFinished = true;
    }

    public void RevocationUnknown()
    {
        foreach (var secret in _secrets)
            secret.Allowed |= Verdicts.Revoked;
        IsFinished = true;
    }
}
