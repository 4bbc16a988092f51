using Tokenry.Protocol.Access;

namespace Tokenry.Server.Core.Apis;

/// <summary>Scopes at one API resource, of a role or a credential. It is bound to the scopes of its time, not to their names.</summary>
/// <param name="resourceId">The id of the API resource, <c>res_…</c>; another API may get its identifier later.</param>
/// <param name="scopes">The named scopes, without the implied ones.</param>
/// <param name="asOf">The generation of the API's scopes in which the grant was written (<see cref="ScopeRegister.Generation"/>).</param>
public sealed class Grant(string resourceId, ScopeSet scopes, long asOf)
{
    private Worked? worked;

    public string ResourceId => resourceId;

    public ScopeSet Scopes => scopes;

    public long AsOf => asOf;

    /// <summary>The allowed scopes, including implied ones. Names of removed scopes may be among them.</summary>
    public ScopeSet At(ApiResourceFacts api) => api.Register.IsPlainSince(asOf) ? scopes : Work(api.Register);

    private ScopeSet Work(ScopeRegister register)
    {
        // Computed once for each state of the catalog. Concurrent callers compute the same value.
        if (worked is not { } known || !ReferenceEquals(known.Era, register.Era))
        {
            worked = known = new Worked(register.Era, register.Granted(scopes, asOf));
        }

        return known.Scopes;
    }

    private sealed record Worked(object Era, ScopeSet Scopes);
}
