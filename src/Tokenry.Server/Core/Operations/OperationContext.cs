using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Operations;

/// <summary>A mutation in its transaction, for a caller or for the server itself.</summary>
/// <param name="Transaction">Holds the operation's statements.</param>
/// <param name="Entry">The audit event, which commits with them. The operation names its target.</param>
/// <param name="Catalog">API resources and roles.</param>
public record AuditedOperation(WriteTransaction Transaction, AuditEntry Entry, Catalog Catalog);

/// <summary>
/// What the <see cref="Gate"/> hands to a mutation. Caller, reach and catalog are those of the moment of the transaction: use these, not the ones that
/// came with the request. If one of them changes before COMMIT, the operation runs again.
/// </summary>
/// <param name="Transaction">Holds the operation's statements.</param>
/// <param name="Entry">The audit event, which commits with them. The operation names its target.</param>
/// <param name="Caller">The caller, judged again after the body was read.</param>
/// <param name="Reach">How far the authorisation goes.</param>
/// <param name="Catalog">API resources and roles.</param>
public sealed record OperationContext(WriteTransaction Transaction, AuditEntry Entry, Caller Caller, Reach Reach, Catalog Catalog)
    : AuditedOperation(Transaction, Entry, Catalog);
