using System.Data.Common;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Operations;

/// <summary>What the <see cref="Gate"/> hands to a read.</summary>
/// <param name="Connection">Runs the queries.</param>
/// <param name="Caller">The caller, judged again after the request was read.</param>
/// <param name="Reach">How far the authorisation goes.</param>
/// <param name="Catalog">API resources and roles.</param>
public sealed record ReadContext(DbConnection Connection, Caller Caller, Reach Reach, Catalog Catalog);
