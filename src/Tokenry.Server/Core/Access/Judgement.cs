using System.Runtime.InteropServices;

namespace Tokenry.Server.Core.Access;

/// <summary>When a caller was judged.</summary>
/// <param name="Position">The facts hold at least every change up to this position (<see cref="Platform.Store.ChangeHub.Position"/>).</param>
/// <param name="At">Monotonic time.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Judgement(long Position, long At);
