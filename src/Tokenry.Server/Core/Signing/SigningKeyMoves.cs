using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Signing;

/// <summary>
/// The state changes of a signing key: next → active → retired → removed, and tainted from any state. Each is one conditional UPDATE with its
/// audit event. Callers hold <see cref="SigningKeyStore.LockAsync"/>, so that no other transaction changes the keys meanwhile.
/// </summary>
public sealed class SigningKeyMoves(SigningKeyOptions options, TimeProvider time)
{
    /// <summary>
    /// Publishes a key that becomes active at <paramref name="due"/>, but not before verifiers had time to fetch it. False if a next key
    /// exists.
    /// </summary>
    public async Task<bool> PublishAsync(WriteTransaction tx, NewSigningKey key, DateTimeOffset due, Func<string, AuditEntry> newEntry)
    {
        var now = time.GetUtcNow();
        var ready = now + options.PublishAhead;
        if (!await SigningKeyStore.InsertNextAsync(tx, key, now, due > ready ? due : ready))
        {
            return false;
        }

        Record(tx, newEntry, "signing_key.created", key.KeyId);
        return true;
    }

    /// <summary>Activates the next key and retires the active one, if there is one.</summary>
    public async Task ActivateAsync(WriteTransaction tx, string? active, string next, Func<string, AuditEntry> newEntry)
    {
        var now = time.GetUtcNow();
        // Retire the active key first: there is at most one at any time.
        if (active is not null)
        {
            await MoveAsync(
                tx,
                active,
                new("state = 'retired', retired_at = @now, removes_at = @later", "state = 'active'", now)
                {
                    Later = now + options.RetiredKept,
                }
            );
            Record(tx, newEntry, "signing_key.retired", active);
        }

        await MoveAsync(tx, next, new("state = 'active', activated_at = @now, activates_at = NULL", "state = 'next'", now));
        Record(tx, newEntry, "signing_key.activated", next);
    }

    /// <summary>Removes a retired key whose time is over. False if another replica did.</summary>
    public async Task<bool> RemoveAsync(WriteTransaction tx, string keyId, Func<string, AuditEntry> newEntry)
    {
        var removed = await TryMoveAsync(
            tx,
            keyId,
            new(
                "state = 'removed', ended_at = @now, removes_at = NULL, sealed_private_key = @nothing",
                "state = 'retired' AND removes_at <= @now",
                time.GetUtcNow()
            )
        );
        if (removed)
        {
            Record(tx, newEntry, "signing_key.removed", keyId);
        }

        return removed;
    }

    /// <summary>Taints a key at once, in any state. The caller records the reason.</summary>
    public Task<bool> TaintAsync(WriteTransaction tx, string keyId) =>
        TryMoveAsync(
            tx,
            keyId,
            new(
                "state = 'tainted', ended_at = @now, activates_at = NULL, removes_at = NULL, sealed_private_key = @nothing",
                $"state <> '{SigningKeyState.Tainted}'",
                time.GetUtcNow()
            )
        );

    private static async Task MoveAsync(WriteTransaction tx, string keyId, Move move)
    {
        if (!await TryMoveAsync(tx, keyId, move))
        {
            // Roll the transaction back: otherwise an algorithm in use would have two active keys or none.
            throw new InvalidOperationException($"Signing key {keyId} changed its state although it was locked.");
        }
    }

    private static async Task<bool> TryMoveAsync(WriteTransaction tx, string keyId, Move move)
    {
        var moved = await tx.QueryAsync<string>(
            $"UPDATE signing_keys SET {move.Set} WHERE key_id = @keyId AND {move.Where} RETURNING key_id",
            new
            {
                keyId,
                now = move.Now.ToUnixTimeMilliseconds(),
                later = move.Later?.ToUnixTimeMilliseconds(),
                nothing = Array.Empty<byte>(),
            }
        );
        if (moved.Count == 0)
        {
            return false;
        }

        tx.Changed(ChangeKind.SigningKey, keyId);
        return true;
    }

    private static void Record(WriteTransaction tx, Func<string, AuditEntry> newEntry, string action, string keyId)
    {
        var entry = newEntry(action);
        entry.TargetType = "signing_key";
        entry.TargetId = keyId;
        tx.Record(entry);
    }

    /// <summary>A change of a key's state.</summary>
    /// <param name="Set">What is set, as SQL.</param>
    /// <param name="Where">The state it has before, as SQL.</param>
    /// <param name="Now"><c>@now</c>.</param>
    private sealed record Move(string Set, string Where, DateTimeOffset Now)
    {
        /// <summary><c>@later</c>.</summary>
        public DateTimeOffset? Later { get; init; }
    }
}
