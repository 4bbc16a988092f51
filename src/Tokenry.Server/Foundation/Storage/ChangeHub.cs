namespace Tokenry.Server.Foundation.Storage;

/// <summary>
/// Hands committed changes to the caches of this process: its own after COMMIT and before the answer,
/// those of other replicas when <see cref="PostgresChangeFeed"/> has read them.
/// </summary>
public sealed class ChangeHub
{
    private readonly List<(string Kind, Action<string> Apply)> subscribers = [];
    private readonly List<Action> resets = [];

    /// <summary>Call while the process starts; not afterwards.</summary>
    public void Subscribe(string kind, Action<string> apply, Action reset)
    {
        subscribers.Add((kind, apply));
        resets.Add(reset);
    }

    public void Publish(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            foreach (var (kind, apply) in subscribers)
            {
                if (kind == change.Kind)
                {
                    apply(change.Id);
                }
            }
        }
    }

    /// <summary>Forgets everything: some changes can no longer be read.</summary>
    public void Reset()
    {
        foreach (var reset in resets)
        {
            reset();
        }
    }
}
