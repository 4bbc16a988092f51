using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Sessions;

/// <summary>Begins sessions. Each proof of who a person is begins a new one with a new id, so that no id known before is worth anything after.</summary>
public sealed class SessionStart(TokenryOptions options, TimeProvider time)
{
    /// <summary>Begins a session in the transaction of the operation that proved who the person is.</summary>
    /// <param name="tx">The transaction; it holds the user's row.</param>
    /// <param name="userId">The person.</param>
    /// <param name="request">The request, for address and user agent.</param>
    public async Task<NewSession> BeginAsync(WriteTransaction tx, string userId, RequestFacts request)
    {
        var at = time.GetUtcNow();
        var now = at.ToUnixTimeMilliseconds();
        var (id, value) = SessionSecret.New(at);
        await SessionStore.InsertAsync(
            tx,
            new SessionRow
            {
                Id = id,
                UserId = userId,
                CreatedAt = now,
                LastSeenAt = now,
                AuthenticatedAt = now,
                EndsAt = now + (long)options.Sessions.Lifetime.TotalMilliseconds,
                Ip = request.Ip,
                Agent = request.Agent,
            },
            SessionSecret.Hash(value.Reveal())
        );
        return new NewSession(id, value);
    }

    /// <summary>Replaces a session by a new one of the same person, who just proved who they are again.</summary>
    /// <inheritdoc cref="BeginAsync"/>
    /// <param name="tx">The transaction; it holds the user's row.</param>
    /// <param name="entry">The event of the operation; its target becomes the new session if it has none.</param>
    /// <param name="before">The session that ends.</param>
    /// <param name="request">The request, for address and user agent.</param>
    public async Task<NewSession> ReplaceAsync(WriteTransaction tx, AuditEntry entry, SessionFacts before, RequestFacts request)
    {
        await SessionStore.EndAsync(tx, before.UserId, before.Id);
        var session = await BeginAsync(tx, before.UserId, request);
        entry.TargetType ??= SessionTarget;
        entry.TargetId ??= session.Id;
        return session;
    }

    /// <summary>The type of a session as the target of an audit event.</summary>
    public const string SessionTarget = "session";
}
